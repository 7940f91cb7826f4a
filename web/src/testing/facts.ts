/** Facts: events for tests, as a server would tell them of threads that live through something. */
import fc from 'fast-check'
import type { LogEvent } from '../protocol/event'
import type { Item, QueueItem, ThreadSummary } from '../protocol/resources'

export const SESSION = `ses_${'5'.repeat(32)}`
const AT = '2026-01-01T00:00:00Z'

export function threadId(letter: string): string {
  return `thr_${letter.repeat(32)}`
}

export function summary(id: string, fields: Partial<ThreadSummary> = {}): ThreadSummary {
  return {
    id, session_id: SESSION, agent_id: 'script', members: [], kind: 'chat', title: 'A thread', title_source: 'auto',
    summary: null, status: 'idle', status_reason: null, active_turn_id: null, queue_depth: 0, message_count: 0,
    last_message: null, last_message_at: null, unread: 0, tags: [], pinned: false, archived: false, metadata: {},
    parent_thread_id: null, forked_from: null, version: 1, created_at: AT, updated_at: AT, ...fields,
  }
}

export function item(id: string, of: string, fields: Partial<Item> = {}): Item {
  return {
    id, thread_id: of, turn_id: 'trn_1', seq: 1, role: 'assistant', agent: 'script', parts: [{ type: 'text', text: '' }],
    text: '', state: 'partial', created_at: AT, queue_item_id: null, sender: null, ...fields,
  }
}

export function queueItem(id: string, position: number, text = id): QueueItem {
  return { id, position, state: 'queued', delivery: 'queue', hold: false, sender: 'ada', parts: [], text, version: 1, created_at: AT }
}

type Told = Pick<LogEvent, 'type'> & { data: unknown; turn_id?: string | null; thread?: unknown }

/** An event of a thread with its ids and number; its data is what the type says. */
export function fact(of: string | null, offset: number, told: Told): LogEvent {
  return { offset, seq: offset, session_id: SESSION, thread_id: of, turn_id: 'trn_1', agent: null, at: AT, ...told } as LogEvent
}

/** One thing that can happen in a thread, without its number. */
function happening(of: string): fc.Arbitrary<Told> {
  const name = fc.constantFrom('a', 'b', 'c')
  const state = fc.constantFrom('complete', 'interrupted', 'partial', 'superseded')
  return fc.oneof(
    fc.record({ id: name, seq: fc.nat(50) }).map(({ id, seq }) => ({ type: 'item.started' as const, data: { item: item(id, of, { seq }) } })),
    fc.record({ id: name, position: fc.nat(3), text: fc.string({ maxLength: 5 }) }).map(({ id, position, text }) => ({ type: 'item.delta' as const, data: { item_id: id, index: 0, position, text } })),
    fc.record({ id: name, seq: fc.nat(50), state, text: fc.string({ maxLength: 5 }) }).map(({ id, seq, text, state }) => ({
      type: 'item.completed' as const,
      data: { item: item(id, of, { seq, state, text, parts: [{ type: 'text', text }] }) },
    })),
    fc.record({ id: name, position: fc.integer({ min: 1, max: 4 }) }).map(({ id, position }) => ({ type: 'queue.item_added' as const, data: { item: queueItem(id, position) } })),
    name.map((id) => ({ type: 'queue.item_consumed' as const, data: { item_id: id, transcript_item_id: 'x' } })),
    name.map((id) => ({ type: 'queue.item_withdrawn' as const, data: { item_id: id, by: 'ada', reason: null } })),
    fc.constant({ type: 'queue.paused' as const, data: { reason: 'stopped' } }),
    fc.constant({ type: 'queue.resumed' as const, data: {} }),
    fc.constant({ type: 'turn.started' as const, data: { number: 1, attempt: 1, item_ids: [], trigger: 'message', agents: ['script'] }, thread: { status: 'running', active_turn_id: 'trn_1' } }),
    fc.constant({ type: 'turn.completed' as const, data: { attempt: 1, usage: {} }, thread: { status: 'idle', active_turn_id: null, unread: 1 } }),
    fc.constant({ type: 'turn.failed' as const, data: { attempt: 1, usage: {}, error: { class: 'x', message: 'broke' } }, thread: { status: 'idle', active_turn_id: null } }),
    fc.option(fc.nat(50)).map((seq) => ({ type: 'turn.resumed' as const, data: { attempt: 2, item_ids: [], reason: 'crash', discard_after_seq: seq } })),
    fc.option(name).map((id) => ({ type: 'transcript.cut' as const, data: { after_item_id: id, reason: 'edit' } })),
    fc.string({ maxLength: 8 }).map((title) => ({ type: 'thread.updated' as const, data: { summary: summary(of, { title, version: 2 }) } })),
    fc.constant({ type: 'thread.deleted' as const, data: {} }),
  )
}

/** A whole life of a thread; `offset` is given when lives are put together, as one log would. */
export function life(of: string): fc.Arbitrary<Told[]> {
  return fc.array(happening(of), { maxLength: 25 }).map((rest) => [{ type: 'thread.created' as const, data: { summary: summary(of) } }, ...rest])
}
