import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../protocol/event'
import type { Comment, ReceivedShare, SharedThread } from '../protocol/resources'
import { summary, threadId } from '../testing/facts'
import { reduce } from './reduce'
import { NO_FILTER, sharedWithMe } from './select'
import { START } from './state'
import { NOTHING_SHARED, reduceShared, type SharedChange, type SharedState } from './shared'

const COMMENT: Comment = { id: 'com_1', thread_id: 'thr_1', author: 'Eve', text: 'How true!', item_id: null, created_at: '2026-01-01T00:00:00Z' }
const READ: SharedChange = { type: 'read', thread: { title: 'Talk' } as SharedThread, items: [], offset: 5, comments: [COMMENT] }

function after(...changes: SharedChange[]): SharedState {
  return changes.reduce(reduceShared, NOTHING_SHARED)
}

function told(type: 'comment.added' | 'comment.deleted', data: object): SharedChange {
  return { type: 'event', event: { type, data, offset: 6, thread_id: 'thr_1' } as LogEvent }
}

describe('a thread of somebody else', () => {
  test('has each comment once, whether the list, the answer or the event tells of it first', () => {
    const state = after({ type: 'commented', comment: COMMENT }, told('comment.added', { comment: COMMENT }), { type: 'reading' }, READ)

    expect(state.comments).toEqual([COMMENT])
    expect(after(READ, told('comment.deleted', { comment_id: 'com_1' })).comments).toEqual([])
  })

  test('stays while the server is away, and is forgotten when the link has ended', () => {
    expect(after(READ, { type: 'lost' })).toMatchObject({ standing: 'lost', thread: { title: 'Talk' } })
    expect(after(READ, { type: 'lost' }, { type: 'continued' }).standing).toBe('live')
    expect(after(READ, { type: 'ended' })).toEqual({ ...NOTHING_SHARED, standing: 'ended' })
  })
})

describe('what others share with the user', () => {
  const [A, B, ARCHIVED] = [threadId('a'), threadId('b'), threadId('c')] as const
  const share = (id: string, by: string): ReceivedShare => ({
    id: `shr_${id}`, thread_id: id, by, permission: 'view', tool_output: false, created_at: '2026-01-01T00:00:00Z', expires_at: '2026-01-08T00:00:00Z',
  })
  const threads = [summary(A, { title: 'Older', last_message_at: '2026-01-02T00:00:00Z' }), summary(B, { title: 'Newer', last_message_at: '2026-01-03T00:00:00Z' })]
  const state = reduce(START, { type: 'shared-read', shares: [share(A, 'ada'), share(B, 'bob'), share(ARCHIVED, 'bob')], threads })
  const listed = (filter = NO_FILTER): string[] => sharedWithMe(state, filter).map((each) => each.share.thread_id)

  test('is listed by activity, and found by its title or whose it is, never among the own', () => {
    expect(listed()).toEqual([B, A])
    expect(listed({ ...NO_FILTER, text: 'older' })).toEqual([A])
    expect(listed({ ...NO_FILTER, text: 'BOB' })).toEqual([B])
    expect(listed({ ...NO_FILTER, only: 'archived' })).toEqual([])
    expect(state.threads).toEqual({})
    expect(state.shared?.[ARCHIVED]?.summary).toBeNull()
  })

  test('goes with the share', () => {
    const left = reduce(state, { type: 'shared-read', shares: [share(A, 'ada')], threads })

    expect(Object.keys(left.shared ?? {})).toEqual([A])
  })
})
