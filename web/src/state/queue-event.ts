/** Queue event: what an event does to what waits in a thread. What the next turn takes is the server's to plan. */
import type { LogEvent } from '../protocol/event'
import type { Queue, QueueItem } from '../protocol/resources'
import type { ThreadState } from './state'

export function reduceQueue(thread: ThreadState, event: LogEvent): ThreadState {
  const { queue } = thread
  if (!event.type.startsWith('queue.') || event.offset <= thread.queueOffset) return thread
  // Noted also while nothing has been read: an answer from before this event must not count as news.
  return { ...thread, queue: queue === null ? null : apply(queue, event), queueOffset: event.offset, isPlanStale: true }
}

function apply(queue: Queue, event: LogEvent): Queue {
  switch (event.type) {
    case 'queue.item_added':
    case 'queue.item_updated':
      return { ...queue, items: place(queue.items, event.data.item) }
    case 'queue.item_withdrawn':
    case 'queue.item_consumed':
    case 'queue.item_rejected':
      return { ...queue, items: without(queue.items, event.data.item_id) }
    case 'queue.paused':
      return { ...queue, paused: true, reason: event.data.reason }
    case 'queue.resumed':
      return { ...queue, paused: false, reason: null }
    default:
      return queue
  }
}

function place(items: readonly QueueItem[], item: QueueItem): QueueItem[] {
  const rest = items.filter((each) => each.id !== item.id)
  return numbered(rest.toSpliced(item.position - 1, 0, item))
}

function without(items: readonly QueueItem[], id: string): QueueItem[] {
  return numbered(items.filter((item) => item.id !== id))
}

function numbered(items: readonly QueueItem[]): QueueItem[] {
  return items.map((item, index) => (item.position === index + 1 ? item : { ...item, position: index + 1 }))
}
