/** Shared list: threads that others share with the user, by recent activity. What is unread in them nobody counts. */
import { memo, useCallback } from 'react'
import { activeAt, sharedWithMe, type ThreadFilter } from '../../state/select'
import type { SharedWithMe, State } from '../../state/state'
import { texts } from '../../texts'
import { useFrame } from '../frame'
import { addressOf, useNavigation } from '../navigation'
import { useSelect } from '../page'
import { shortTime } from '../times'

export function SharedList({ filter }: { filter: ThreadFilter }) {
  const { threadId } = useNavigation()
  const shared = useSelect(useCallback((state: State) => sharedWithMe(state, filter), [filter]))
  if (shared.length === 0) return null
  return (
    <section aria-label={texts.shared.list} className="mb-3">
      <h2 className="px-2 pt-2 pb-1 text-xs font-semibold text-soft">{texts.shared.list}</h2>
      <ul>
        {shared.map((each) => (
          <SharedRow key={each.share.id} shared={each} isSeen={each.share.thread_id === threadId} />
        ))}
      </ul>
    </section>
  )
}

const SharedRow = memo(function SharedRow({ shared: { share, summary }, isSeen }: { shared: SharedWithMe; isSeen: boolean }) {
  const { follow } = useNavigation()
  const { showThread } = useFrame()
  if (summary === null) return null
  return (
    <li className={`relative rounded-lg px-2 py-1.5 ${isSeen ? 'bg-hover' : 'hover:bg-hover/60'}`}>
      <a
        href={addressOf(summary.id)}
        aria-current={isSeen ? 'page' : undefined}
        onClick={(event) => {
          follow(event, summary.id)
          showThread()
        }}
        className="block truncate text-[0.84375rem] font-medium before:absolute before:inset-0 before:rounded-lg focus-visible:outline-none focus-visible:before:outline-2 focus-visible:before:-outline-offset-2 focus-visible:before:outline-accent"
      >
        {summary.title}
      </a>
      <div className="flex items-baseline gap-2 text-xs text-soft">
        <span className="min-w-0 flex-1 truncate">{texts.shared.from(share.by)}</span>
        <time dateTime={activeAt(summary)} className="tabular-nums">{shortTime(activeAt(summary))}</time>
      </div>
    </li>
  )
})
