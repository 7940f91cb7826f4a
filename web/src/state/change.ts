/** Change: everything that can happen to the state: events of the stream, answers of the server, and what was asked. */
import type { LogEvent } from '../protocol/event'
import type { Agent, Approval, Item, LoggedIn, Queue, Session, Thread, ThreadSummary, Turn } from '../protocol/resources'
import type { Beginning, Connection, Outgoing } from './state'

export type Change =
  | { type: 'event'; event: LogEvent }
  | { type: 'signed-in'; me: LoggedIn }
  | { type: 'signed-out' }
  | { type: 'connection'; connection: Connection }
  | { type: 'lists-loading' }
  | { type: 'lists-failed' }
  | { type: 'lists-read'; sessions: readonly Session[]; threads: readonly ThreadSummary[]; approvals: readonly Approval[]; agents: readonly Agent[] }
  | { type: 'threads-read'; threads: readonly ThreadSummary[] }
  | { type: 'session-read'; session: Session }
  | { type: 'session-gone'; sessionId: string }
  | ThreadChange
  | { type: 'begin'; beginning: Beginning }
  | { type: 'beginning-changed'; key: string; fields: Partial<Outgoing> }
  | { type: 'begun'; key: string }

/** What concerns one thread, and names it. */
export type ThreadChange = { threadId: string } & (
  | { type: 'thread-read'; thread: Thread; offset: number }
  | { type: 'thread-gone' }
  | { type: 'transcript-loading' }
  | { type: 'transcript-failed' }
  | { type: 'transcript-read'; items: readonly Item[]; hasOlder: boolean; offset: number }
  | { type: 'transcript-stale' }
  | { type: 'older-loading' }
  | { type: 'older-failed' }
  | { type: 'older-read'; items: readonly Item[]; hasOlder: boolean }
  | { type: 'queue-read'; queue: Queue; offset: number }
  | { type: 'turn-read'; turn: Turn; reason: string | null }
  | { type: 'send'; outgoing: Outgoing }
  | { type: 'send-changed'; key: string; fields: Partial<Outgoing> }
  | { type: 'sent'; key: string }
  | { type: 'stopping'; isStopping: boolean }
  | { type: 'leaving'; isLeaving: boolean }
  | { type: 'marked-read' }
)
