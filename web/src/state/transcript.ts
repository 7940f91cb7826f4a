/** Transcript: the items of a thread, and how events write them. */
import type { EventOf, LogEvent } from '../protocol/event'
import type { Item, Part } from '../protocol/resources'
import type { ThreadState, Transcript } from './state'

export function reduceTranscript(thread: ThreadState, event: LogEvent): ThreadState {
  const next = followTranscript(thread.transcript, event)
  return next === thread.transcript ? thread : { ...thread, transcript: next }
}

export function followTranscript(transcript: Transcript, event: LogEvent): Transcript {
  switch (transcript.loading) {
    case 'loading':
      return isAboutItems(event) ? { ...transcript, held: [...transcript.held, event] } : transcript
    case 'ready':
      return apply(transcript, event)
    default:
      // Nobody looks at it: it is read when somebody does.
      return transcript
  }
}

/** The transcript as it was read, and then what has happened since. */
export function readTranscript(
  transcript: Transcript,
  read: { items: readonly Item[]; hasOlder: boolean; offset: number },
): Transcript {
  const ready: Transcript = { ...transcript, ...read, loading: 'ready', isLoadingOlder: false, held: [] }
  return transcript.held.reduce(apply, ready)
}

function isAboutItems(event: LogEvent): boolean {
  return event.type.startsWith('item.') || event.type === 'transcript.cut' || event.type === 'turn.resumed' || event.type === 'turn.superseded'
}

function apply(transcript: Transcript, event: LogEvent): Transcript {
  if (event.offset <= transcript.offset) return transcript
  const items = applyToItems(transcript.items, event)
  return items === transcript.items ? transcript : { ...transcript, items, offset: event.offset }
}

function applyToItems(items: readonly Item[], event: LogEvent): readonly Item[] {
  switch (event.type) {
    case 'item.started':
    case 'item.completed':
      return place(items, event.data.item)
    case 'item.delta':
      return append(items, event)
    case 'turn.resumed':
      return withoutVoid(items, event)
    case 'turn.superseded':
      return items.filter((item) => item.turn_id !== event.turn_id || item.role === 'user')
    case 'transcript.cut':
      return cut(items, event.data.after_item_id)
    default:
      return items
  }
}

/** Put an item where its seq says, or in place of what was known of it. */
function place(items: readonly Item[], item: Item): readonly Item[] {
  const known = indexFromEnd(items, (each) => each.id === item.id)
  if (item.state === 'superseded') return known < 0 ? items : items.toSpliced(known, 1)
  if (known >= 0) return items.with(known, item)
  const before = indexFromEnd(items, (each) => each.seq < item.seq)
  return items.toSpliced(before + 1, 0, item)
}

function append(items: readonly Item[], event: EventOf<'item.delta'>): readonly Item[] {
  const { item_id, index, position, text } = event.data
  const at = indexFromEnd(items, (each) => each.id === item_id)
  const item = items[at]
  if (item === undefined || item.state !== 'partial') return items
  const part: Part = item.parts[index] ?? { type: 'text', text: '' }
  if (!('text' in part)) return items
  // The first piece of a part begins it, whatever an earlier attempt had left there.
  const parts = [...item.parts]
  parts[index] = { ...part, text: position === 0 ? text : part.text + text }
  const written = part.type === 'text' ? { text: textOf(parts) } : {}
  return items.with(at, { ...item, parts, ...written })
}

function textOf(parts: readonly Part[]): string {
  return parts.flatMap((part) => (part.type === 'text' || part.type === 'code' ? [part.text] : [])).join('\n')
}

/** What an attempt that died had left unfinished is void. */
function withoutVoid(items: readonly Item[], event: EventOf<'turn.resumed'>): readonly Item[] {
  const after = event.data.discard_after_seq
  if (after === null) return items
  return items.filter((item) => item.turn_id !== event.turn_id || item.state !== 'partial' || item.seq <= after)
}

function cut(items: readonly Item[], afterItemId: string | null): readonly Item[] {
  // When the item is not among those that were read it stands before them all.
  return items.slice(0, afterItemId === null ? 0 : items.findIndex((item) => item.id === afterItemId) + 1)
}

function indexFromEnd(items: readonly Item[], test: (item: Item) => boolean): number {
  return items.findLastIndex(test)
}
