/** Comment row: what somebody wrote beside a thread. */
import type { ReactNode } from 'react'
import type { Comment } from '../../protocol/resources'
import { wholeTime } from '../times'

export function CommentRow({ comment, children }: { comment: Comment; children?: ReactNode }) {
  return (
    <>
      <div className="flex min-h-6 items-center gap-2 text-xs text-soft">
        <span className="min-w-0 truncate font-semibold text-ink">{comment.author}</span>
        <time dateTime={comment.created_at} className="shrink-0">{wholeTime(comment.created_at)}</time>
        {children}
      </div>
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{comment.text}</p>
    </>
  )
}
