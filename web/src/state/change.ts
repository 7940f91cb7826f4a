/** Change: everything that can happen to the state: events of the stream, answers of the server, and what was asked. */
import type { LogEvent } from '../protocol/event'
import type { Agent, Approval, Item, LoggedIn, Queue, ReceivedShare, Session, Thread, ThreadSummary, Turn } from '../protocol/resources'
import type { Beginning, Connection, Outgoing, State } from './state'

/** The threads as they were when a list was asked for: what events have told since then is newer than its answer. */
export type Asked = State['threads']

export type Change =
  | { type: 'event'; event: LogEvent }
  | { type: 'signed-in'; me: LoggedIn }
  | { type: 'signed-out' }
  | { type: 'connection'; connection: Connection }
  | { type: 'lists-loading' }
  | { type: 'lists-failed' }
  | { type: 'lists-read'; sessions: readonly Session[]; agents: readonly Agent[]; approvals: readonly Approval[]; threads: readonly ThreadSummary[]; isWhole: boolean; asked: Asked }
  | { type: 'threads-read'; threads: readonly ThreadSummary[]; asked: Asked }
  | { type: 'shared-read'; shares: readonly ReceivedShare[]; threads: readonly ThreadSummary[] }
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
  | { type: 'comments-seen' }
  | { type: 'votes-read'; votes: Readonly<Record<string, 1 | -1>> }
  | { type: 'voted'; itemId: string; value: 1 | -1 | null }
)
