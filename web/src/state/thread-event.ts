/** Thread event: what an event of a thread does to that thread's state, and to nothing else. */
import type { LogEvent } from '../protocol/event'
import type { ThreadSummary } from '../protocol/resources'
import { reduceQueue } from './queue-event'
import type { ThreadState, TurnState } from './state'
import { reduceTranscript } from './transcript'

export function reduceThreadEvent(thread: ThreadState, event: LogEvent): ThreadState {
  let next = reduceTranscript(thread, event)
  next = reduceQueue(next, event)
  next = reduceTurn(next, event)
  next = reduceApprovals(next, event)
  if (event.type === 'thread.created' || event.type === 'thread.updated') next = withFields(next, event.data.summary)
  if (event.thread !== undefined) next = withFields(next, event.thread)
  return next === thread || event.offset <= next.offset ? next : { ...next, offset: event.offset }
}

function withFields(thread: ThreadState, fields: NonNullable<LogEvent['thread']>): ThreadState {
  const { settings, usage, ...summary } = fields
  // A resource that was read later than this event was written is the newer one.
  if (summary.version !== undefined && summary.version < thread.summary.version) return thread
  const merged: ThreadSummary = { ...thread.summary, ...summary }
  return {
    ...thread,
    summary: merged,
    settings: settings ?? thread.settings,
    usage: usage ?? thread.usage,
    isStopping: thread.isStopping && merged.active_turn_id !== null,
  }
}

function reduceTurn(thread: ThreadState, event: LogEvent): ThreadState {
  const turn = nextTurn(thread.turn, event)
  return turn === thread.turn ? thread : { ...thread, turn }
}

function nextTurn(turn: TurnState | null, event: LogEvent): TurnState | null {
  const id = event.turn_id
  if (id === null) return turn
  const now: TurnState =
    turn?.id === id ? turn : { id, status: 'running', attempt: 1, reason: null, agents: [], startedAt: event.at }
  switch (event.type) {
    case 'turn.started':
      return { ...now, status: 'running', attempt: event.data.attempt, agents: event.data.agents, reason: null, startedAt: event.at }
    case 'turn.resumed':
      return { ...now, status: 'running', attempt: event.data.attempt, reason: event.data.reason }
    case 'turn.waiting':
      return { ...now, status: 'waiting', reason: event.data.reason }
    case 'turn.needs_review':
      return { ...now, status: 'needs_review', reason: event.data.reason }
    case 'turn.completed':
      return { ...now, status: 'completed', reason: null }
    case 'turn.failed':
      return { ...now, status: 'failed', reason: event.data.error.message ?? event.data.error.class ?? null }
    case 'turn.cancelled':
      return { ...now, status: 'cancelled', reason: event.data.by ?? null }
    case 'turn.interrupted':
      return { ...now, status: 'interrupted', reason: null }
    case 'turn.superseded':
      return { ...now, status: 'superseded', reason: null }
    default:
      return turn
  }
}

function reduceApprovals(thread: ThreadState, event: LogEvent): ThreadState {
  switch (event.type) {
    case 'approval.requested':
    case 'approval.resolved':
    case 'approval.expired': {
      const { approval } = event.data
      return { ...thread, approvals: { ...thread.approvals, [approval.id]: approval } }
    }
    default:
      return thread
  }
}
