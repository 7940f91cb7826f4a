/** Thread list: the threads of a session by recent activity; alerts, tasks and work in groups of their own. */
import { useCallback, useState } from 'react'
import type { Mark, ThreadFilter } from '../../state/select'
import { marksOf, threadsOf } from '../../state/select'
import type { State, ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Empty, Skeleton } from '../../ui/States'
import { useNavigation } from '../navigation'
import { usePage, useSelect } from '../page'
import { ThreadRow } from './ThreadRow'

const SHOWN = 100

interface ThreadListProps {
  sessionId: string | null
  filter: ThreadFilter
  onClearFilter: () => void
}

export function ThreadList({ sessionId, filter, onClearFilter }: ThreadListProps) {
  const page = usePage()
  const loading = useSelect((state) => state.lists)
  // Summaries and marks, not threads: a thread that writes changes with each word, its row does not.
  const rows = useSelect(useCallback((state: State) => rowsOf(threadsOf(state, sessionId, filter)), [sessionId, filter]))
  const threads = unrolled(rows)
  if (loading === 'absent' || loading === 'loading') return <div className="p-3"><Skeleton label={texts.threads.loading} rows={['w-4/5', 'w-3/5', 'w-2/3', 'w-4/5', 'w-1/2']} /></div>
  if (loading === 'failed') {
    return (
      <Empty icon="warning" title={texts.threads.failed} text={texts.thread.failedText}>
        <Button icon="retry" onClick={() => void page.readAll()}>{texts.thread.retry}</Button>
      </Empty>
    )
  }
  const isFiltered = filter.text !== '' || filter.tag !== null || filter.only !== 'all'
  if (threads.length === 0) {
    return isFiltered ? (
      <Empty icon="search" title={texts.threads.noneFound} text={texts.threads.noneFoundText}>
        <Button onClick={onClearFilter}>{texts.threads.clearFilter}</Button>
      </Empty>
    ) : (
      <Empty icon="plus" title={texts.threads.none} text={texts.threads.noneText} />
    )
  }
  const of = (...kinds: string[]): Row[] => threads.filter((thread) => kinds.includes(thread.summary.kind))
  return (
    <>
      <Group rows={of('chat')} />
      <Group title={texts.threads.alerts} rows={of('alert')} />
      <Group title={texts.threads.others} rows={of('task', 'work')} />
    </>
  )
}

interface Row {
  summary: ThreadState['summary']
  marks: readonly Mark[]
}

/** Flat, so that two lists can be told apart member by member. */
function rowsOf(threads: readonly ThreadState[]): readonly (ThreadState['summary'] | string)[] {
  return threads.flatMap((thread) => [thread.summary, marksOf(thread).join(' ')])
}

function unrolled(rows: readonly (ThreadState['summary'] | string)[]): Row[] {
  const found: Row[] = []
  for (let index = 0; index < rows.length; index += 2) {
    const summary = rows[index] as ThreadState['summary']
    const marks = rows[index + 1] as string
    found.push({ summary, marks: marks === '' ? [] : (marks.split(' ') as Mark[]) })
  }
  return found
}

function Group({ title, rows }: { title?: string; rows: readonly Row[] }) {
  const { threadId } = useNavigation()
  const [shown, setShown] = useState(SHOWN)
  if (rows.length === 0) return null
  const hidden = rows.length - shown
  return (
    <section aria-label={title} className="mb-3">
      {title !== undefined && <h2 className="px-2 pt-2 pb-1 text-xs font-semibold text-soft">{title}</h2>}
      <ul>
        {rows.slice(0, shown).map(({ summary, marks }) => (
          <ThreadRow key={summary.id} summary={summary} marks={marks.join(' ')} isSeen={summary.id === threadId} />
        ))}
      </ul>
      {hidden > 0 && (
        <Button look="quiet" className="mt-1 w-full" onClick={() => setShown(shown + SHOWN)}>
          {texts.threads.more(Math.min(hidden, SHOWN))}
        </Button>
      )}
    </section>
  )
}
