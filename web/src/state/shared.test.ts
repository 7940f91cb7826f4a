import { describe, expect, test } from 'vitest'
import type { LogEvent } from '../protocol/event'
import type { Comment, SharedThread } from '../protocol/resources'
import { NOTHING_SHARED, reduceShared, type SharedChange, type SharedState } from './shared'

const COMMENT: Comment = { id: 'com_1', thread_id: 'thr_1', author: 'Eve', text: 'How true!', item_id: null, created_at: '2026-01-01T00:00:00Z' }
const READ: SharedChange = { type: 'read', thread: { title: 'Talk' } as SharedThread, items: [], offset: 5, comments: [COMMENT] }

function after(...changes: SharedChange[]): SharedState {
  return changes.reduce(reduceShared, NOTHING_SHARED)
}

function told(type: 'comment.added' | 'comment.deleted', data: object): SharedChange {
  return { type: 'event', event: { type, data, offset: 6, thread_id: 'thr_1' } as LogEvent }
}

describe('what a link shows', () => {
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
