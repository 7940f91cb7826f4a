/** Queue tray: what waits in a thread, what the next turn takes of it and why it stops there, and the pause. */
import { useState } from 'react'
import type { Queue } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Banner } from '../../ui/States'
import { usePage } from '../page'
import { QueueRow } from './QueueRow'

const words = texts.queue

export function QueueTray({ thread }: { thread: ThreadState }) {
  const page = usePage()
  const [moved, setMoved] = useState('')
  const { queue } = thread
  if (queue === null || (queue.items.length === 0 && !queue.paused)) return null
  const taken = new Set(thread.isPlanStale ? [] : queue.next_batch.item_ids)
  const move = (index: number, to: number): void => {
    const item = queue.items[index]
    if (item === undefined || to < 1 || to > queue.items.length || to === index + 1) return
    void page.queues.edit(thread.id, item, { position: to }).then((isDone) => isDone && setMoved(words.moved(to)))
  }
  return (
    <section aria-label={words.name} className="mb-2 rounded-2xl border border-line bg-sunken p-2">
      {queue.paused && <PauseBanner threadId={thread.id} queue={queue} />}
      {queue.items.length > 0 && (
        <div className="flex items-center gap-2 px-2 pt-1 pb-1.5 text-xs text-soft">
          <p className="min-w-0 flex-1">
            <span className="font-semibold text-ink">{words.waiting(queue.items.length)}</span>
            {taken.size > 0 && <> · {plan(queue)}</>}
          </p>
          {!queue.paused && <Button look="quiet" className="h-7 px-2" icon="pause" onClick={() => void page.queues.pause(thread.id)}>{words.pause}</Button>}
        </div>
      )}
      <ol className="max-h-[34vh] space-y-1 overflow-y-auto empty:hidden">
        {queue.items.map((item, index) => (
          <QueueRow key={item.id} threadId={thread.id} item={item} isNext={taken.has(item.id)} isBusy={thread.summary.active_turn_id !== null} isLast={index === queue.items.length - 1} onMove={(to) => move(index, to)} onMoveOther={move} />
        ))}
      </ol>
      <p role="status" className="sr-only">{moved}</p>
    </section>
  )
}

function plan(queue: Queue): string {
  const { item_ids, break_reason } = queue.next_batch
  const why = break_reason === null ? '' : `, ${words.breaks[break_reason] ?? break_reason}`
  return words.next(item_ids.length) + why
}

function PauseBanner({ threadId, queue }: { threadId: string; queue: Queue }) {
  const page = usePage()
  return (
    <Banner tone="warn" icon="pause">
      <p className="min-w-40 flex-1">{words.paused(queue.reason)}</p>
      <Button icon="play" onClick={() => void page.queues.resume(threadId)}>{words.resume}</Button>
    </Banner>
  )
}
