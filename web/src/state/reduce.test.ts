import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../protocol/event'
import type { Queue } from '../protocol/resources'
import { fact, item, life, queueItem, SESSION, summary, threadId } from '../testing/facts'
import type { Change } from './change'
import { reduce } from './reduce'
import { marksOf } from './select'
import { START, type Outgoing, type State, type ThreadState } from './state'

const A = threadId('a')
const B = threadId('b')
const EMPTY_QUEUE: Queue = { paused: false, reason: null, mode: 'combine', version: 1, items: [], next_batch: { item_ids: [], break_reason: null } }

function after(changes: readonly Change[], from: State = START): State {
  return changes.reduce(reduce, from)
}

function told(...events: readonly LogEvent[]): Change[] {
  return events.map((event) => ({ type: 'event', event }))
}

/** A thread that is looked at: its transcript and queue are read, and empty. */
function opened(id: string): Change[] {
  return [
    { type: 'threads-read', threads: [summary(id)], asked: {} },
    { type: 'transcript-loading', threadId: id },
    { type: 'transcript-read', threadId: id, items: [], hasOlder: false, offset: 0 },
    { type: 'queue-read', threadId: id, queue: EMPTY_QUEUE, offset: 0 },
  ]
}

function outgoing(key: string): Outgoing {
  return { key, text: key, parts: null, delivery: 'queue', state: 'sending', problem: null, tries: 0 }
}

describe('threads do not touch each other', () => {
  test('any interleaving of the events of two threads leaves each as it would be alone', () => {
    const both = fc.record({ a: life(A), b: life(B), turns: fc.array(fc.boolean(), { minLength: 60, maxLength: 60 }) })
    fc.assert(
      fc.property(both, ({ a, b, turns }) => {
        const mixed: LogEvent[] = []
        const [restA, restB] = [[...a], [...b]]
        for (let offset = 1; restA.length + restB.length > 0; offset++) {
          const isA = restB.length === 0 || (restA.length > 0 && turns[offset % turns.length])
          const next = (isA ? restA : restB).shift()
          if (next !== undefined) mixed.push(fact(isA ? A : B, offset, next))
        }
        const start = after([...opened(A), ...opened(B)])

        const together = after(told(...mixed), start)

        for (const id of [A, B]) {
          const alone = after(told(...mixed.filter((event) => event.thread_id === id)), start)
          expect(together.threads[id]).toEqual(alone.threads[id])
          expect(together.gone[id]).toEqual(alone.gone[id])
        }
      }),
      { numRuns: 400 },
    )
  })

  test('an event of one thread leaves the very object of the other in place', () => {
    const state = after([...opened(A), ...opened(B)])

    const next = after(told(fact(A, 5, { type: 'item.started', data: { item: item('x', A) } })), state)

    expect(next.threads[B]).toBe(state.threads[B])
    expect(next.threads[A]).not.toBe(state.threads[A])
  })

  test('events that are told again change nothing', () => {
    fc.assert(
      fc.property(life(A), fc.nat(30), (happenings, from) => {
        const events = happenings.map((each, index) => fact(A, index + 1, each))
        const once = after(told(...events), after(opened(A)))

        const again = after(told(...events.slice(from).filter((event) => event.type.startsWith('item.') || event.type.startsWith('queue.'))), once)

        expect(again.threads[A]?.transcript.items).toEqual(once.threads[A]?.transcript.items)
        expect(again.threads[A]?.queue).toEqual(once.threads[A]?.queue)
      }),
    )
  })

  test('sending, stopping and a refusal in one thread are not seen in another', () => {
    const state = after([
      ...opened(A),
      ...opened(B),
      ...told(fact(A, 1, { type: 'turn.started', data: { number: 1, attempt: 1, item_ids: [], trigger: 'message', agents: [] }, thread: { status: 'running', active_turn_id: 'trn_1' } })),
    ])

    const next = after(
      [
        { type: 'send', threadId: A, outgoing: outgoing('k') },
        { type: 'stopping', threadId: A, isStopping: true },
        { type: 'send-changed', threadId: A, key: 'k', fields: { state: 'refused', problem: 'no' } },
      ],
      state,
    )

    expect(next.threads[A]).toMatchObject({ isStopping: true, outgoing: [{ state: 'refused' }] })
    expect(next.threads[B]).toBe(state.threads[B])
  })
})

describe('comments', () => {
  const me = { id: 'usr_1', name: 'ada', role: 'member', scope: 'full' } as const
  const comment = (author: string): Change =>
    ({ type: 'event', event: fact(A, 9, { type: 'comment.added', data: { comment: { id: author, thread_id: A, author, text: 'x', item_id: null, created_at: '' } } }) })

  test('of others count until somebody looks, and one’s own do not', () => {
    const state = after([{ type: 'signed-in', me }, ...opened(A), ...opened(B), comment('eve'), comment('ada'), comment('bob')])

    expect(state.threads[A]?.newComments).toBe(2)
    expect(marksOf(state.threads[A] as ThreadState)).toEqual(['comments'])
    expect(state.threads[B]?.newComments).toBe(0)
    expect(after([{ type: 'comments-seen', threadId: A }], state).threads[A]?.newComments).toBe(0)
  })
})

describe('events without a valid thread', () => {
  test.each([null, '', 'thr_', 'thr_XYZ', `ses_${'a'.repeat(32)}`, '__proto__', 'constructor'])('%s: dropped and counted', (id) => {
    const state = after(opened(A))

    const next = after(told(fact(id, 9, { type: 'item.delta', data: { item_id: 'x', index: 0, position: 0, text: 'leak' } })), state)

    expect(next.dropped).toBe(1)
    expect(next.threads).toBe(state.threads)
  })

  test('of a thread that no list has shown: the thread is asked for, once', () => {
    const event = fact(B, 9, { type: 'turn.completed', data: { attempt: 1, usage: {} } })

    const next = after(told(event, event), after(opened(A)))

    expect(next.unknown).toEqual([B])
    expect(next.dropped).toBe(0)
  })

  test('of a deleted thread: nothing brings it back', () => {
    const state = after([...opened(A), ...told(fact(A, 3, { type: 'thread.deleted', data: {} }))])

    const next = after(
      [
        ...told(fact(A, 4, { type: 'thread.updated', data: { summary: summary(A) } })),
        { type: 'threads-read', threads: [summary(A)], asked: {} },
        { type: 'transcript-read', threadId: A, items: [], hasOlder: false, offset: 9 },
      ],
      state,
    )

    expect(next.threads[A]).toBeUndefined()
    expect(next.unknown).toEqual([])
  })

  test('of a deleted session: its threads are gone with it', () => {
    const next = after(told(fact(null, 3, { type: 'session.deleted', data: {} })), after(opened(A)))

    expect(next.threads[A]).toBeUndefined()
    expect(next.sessions[SESSION]).toBeUndefined()
  })
})

describe('a snapshot and what happened while it was read', () => {
  const started = fact(A, 4, { type: 'item.started', data: { item: item('x', A, { seq: 4 }) } })
  const delta = (offset: number, position: number, text: string): LogEvent => fact(A, offset, { type: 'item.delta', data: { item_id: 'x', index: 0, position, text } })

  test('wherever the snapshot was taken, the text comes out whole', () => {
    const events = [started, delta(5, 0, 'one '), delta(6, 4, 'two '), delta(7, 8, 'three')]
    const texts = ['', 'one ', 'one two ', 'one two three']
    fc.assert(
      fc.property(fc.nat(3), fc.nat(4), (taken, arrived) => {
        const text = texts[taken] ?? ''
        const snapshot = item('x', A, { seq: 4, text, parts: [{ type: 'text', text }] })

        const state = after([
          { type: 'threads-read', threads: [summary(A)], asked: {} },
          { type: 'transcript-loading', threadId: A },
          ...told(...events.slice(0, Math.max(arrived, taken + 1))),
          { type: 'transcript-read', threadId: A, items: [snapshot], hasOlder: false, offset: 4 + taken },
          ...told(...events.slice(Math.max(arrived, taken + 1))),
        ])

        expect(state.threads[A]?.transcript.items.map((each) => each.text)).toEqual(['one two three'])
      }),
    )
  })

  test('a queue that was read before its item was taken does not bring the item back', () => {
    const late: Queue = { ...EMPTY_QUEUE, items: [queueItem('q', 1)] }

    const state = after([
      { type: 'threads-read', threads: [summary(A)], asked: {} },
      ...told(fact(A, 5, { type: 'queue.item_consumed', data: { item_id: 'q', transcript_item_id: 'x' } })),
      { type: 'queue-read', threadId: A, queue: late, offset: 4 },
    ])

    expect(state.threads[A]?.queue).toBeNull()
  })

  test('a list that was asked for before an event and answered after it does not undo the event', () => {
    const before = after(opened(A))
    const ended = fact(A, 5, { type: 'turn.completed', data: { attempt: 1, usage: {} }, thread: { queue_depth: 0, unread: 1 } })

    const state = after([...told(ended), { type: 'threads-read', threads: [summary(A, { queue_depth: 1 })], asked: before.threads }], before)

    expect(state.threads[A]?.summary).toMatchObject({ queue_depth: 0, unread: 1 })
  })

  test('after a break, a thread that the list no longer shows is gone, and one with an unsent message is not', () => {
    const before = after([...opened(A), ...opened(B), { type: 'send', threadId: B, outgoing: outgoing('k') }])

    const state = after([{ type: 'lists-read', sessions: [], agents: [], approvals: [], threads: [], isWhole: true, asked: before.threads }], before)

    expect(Object.keys(state.threads)).toEqual([B])
  })

  test('what an attempt that died had left unfinished is void when the turn is resumed', () => {
    const resumed = fact(A, 6, { type: 'turn.resumed', data: { attempt: 2, item_ids: [], reason: 'crash', discard_after_seq: 3 } })

    const state = after(told(started, delta(5, 0, 'half'), resumed), after(opened(A)))

    expect(state.threads[A]?.transcript.items).toEqual([])
    expect(state.threads[A]?.turn).toMatchObject({ status: 'running', attempt: 2, reason: 'crash' })
  })
})

describe('messages on their way', () => {
  test('one that was not acknowledged is never among what was said or waits', () => {
    const state = after([...opened(A), { type: 'send', threadId: A, outgoing: outgoing('k') }])

    expect(state.threads[A]?.outgoing).toHaveLength(1)
    expect(state.threads[A]?.transcript.items).toEqual([])
    expect(state.threads[A]?.queue?.items).toEqual([])
  })

  test('an answer for one thread that comes after a switch touches that thread only', () => {
    const both = after([...opened(A), ...opened(B), { type: 'send', threadId: A, outgoing: outgoing('k') }, { type: 'send', threadId: B, outgoing: outgoing('k') }])

    const next = after([{ type: 'sent', threadId: A, key: 'k' }], both)

    expect(next.threads[A]?.outgoing).toEqual([])
    expect(next.threads[B]).toBe(both.threads[B])
  })
})
