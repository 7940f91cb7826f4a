/** Activity: every thread of the session that runs, waits or asks for somebody, the most urgent first. */
import { useCallback } from 'react'
import { activeThreadsOf, marksOf } from '../../state/select'
import type { State, ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Empty } from '../../ui/States'
import { Marks } from '../marks'
import { addressOf, useNavigation } from '../navigation'
import { useSelect } from '../page'

const words = texts.panel

export function ActivitySection({ sessionId }: { sessionId: string }) {
  const threads = useSelect(useCallback((state: State) => activeThreadsOf(state, sessionId), [sessionId]))
  if (threads.length === 0) return <Empty icon="check" title={words.quiet} text={words.quietText} />
  return (
    <ul className="space-y-2">
      {threads.map((thread) => (
        <ActivityRow key={thread.id} thread={thread} />
      ))}
    </ul>
  )
}

function ActivityRow({ thread }: { thread: ThreadState }) {
  const { follow } = useNavigation()
  const { summary } = thread
  const marks = marksOf(thread)
  return (
    <li>
      <a href={addressOf(thread.id)} onClick={(event) => follow(event, thread.id)} className="block rounded-xl border border-line bg-raised px-3 py-2.5 text-sm hover:bg-hover">
        <span className="flex items-center gap-2">
          <span className="min-w-0 flex-1 truncate font-medium">{summary.title}</span>
          <Marks marks={marks} />
        </span>
        <span className="mt-0.5 block truncate text-xs text-soft">
          {marks.filter((mark) => mark !== 'queued').map((mark) => texts.marks[mark]).join(' · ')}
          {summary.queue_depth > 0 && ` · ${texts.threads.queued(summary.queue_depth)}`}
        </span>
      </a>
    </li>
  )
}
