/** State: all that the page knows. Whatever belongs to a thread is kept under the thread's id, and nowhere else. */
import type { LogEvent } from '../protocol/event'
import type {
  Agent,
  Approval,
  Item,
  LoggedIn,
  Queue,
  ReceivedShare,
  SentPart,
  Session,
  ThreadSettings,
  ThreadSummary,
  Usage,
  Delivery,
} from '../protocol/resources'

export type Connection = 'connecting' | 'live' | 'lost'
export type Loading = 'absent' | 'loading' | 'ready' | 'failed'

export interface State {
  /** null: not asked yet; false: nobody is logged in. */
  readonly me: LoggedIn | false | null
  readonly connection: Connection
  /** Whether sessions and threads have been read. */
  readonly lists: Loading
  readonly agents: readonly Agent[]
  readonly sessions: Readonly<Record<string, Session>>
  readonly threads: Readonly<Record<string, ThreadState>>
  /** Deleted threads: an event or an answer that comes late must not bring one back. */
  readonly gone: Readonly<Record<string, true>>
  /** Threads that events speak of and no list has shown: to be asked for. */
  readonly unknown: readonly string[]
  /** What others share with the user, by its thread; null: not asked yet. It is nobody's own, and no part of `threads`. */
  readonly shared: Readonly<Record<string, SharedWithMe>> | null
  /** Messages for threads that do not exist yet, by the session that they will be made in. */
  readonly beginnings: readonly Beginning[]
  /** Events that named no valid thread although they had to. */
  readonly dropped: number
}

export interface SharedWithMe {
  readonly share: ReceivedShare
  /** null for a thread that lists leave out: it is archived, or no chat. */
  readonly summary: ThreadSummary | null
}

export interface ThreadState {
  readonly id: string
  readonly summary: ThreadSummary
  /** The log's offset that the summary is true for. */
  readonly offset: number
  readonly settings: ThreadSettings | null
  readonly usage: Usage | null
  readonly transcript: Transcript
  readonly queue: Queue | null
  /** The log's offset that the queue was read at, or of the last event that changed it. */
  readonly queueOffset: number
  /** Whether the plan of the next batch is older than the queue. */
  readonly isPlanStale: boolean
  readonly approvals: Readonly<Record<string, Approval>>
  /** The user's votes on the thread's messages; null while they have not been read. */
  readonly votes: Readonly<Record<string, 1 | -1>> | null
  readonly turn: TurnState | null
  /** Comments of others that were written since this page was opened, and not looked at. */
  readonly newComments: number
  readonly outgoing: readonly Outgoing[]
  /** Whether a stop was asked for and has not happened yet. */
  readonly isStopping: boolean
  /** Whether its deletion was asked for and can still be undone. */
  readonly isLeaving: boolean
}

export interface Transcript {
  readonly loading: Loading
  readonly items: readonly Item[]
  readonly hasOlder: boolean
  readonly isLoadingOlder: boolean
  /** The log's offset up to which `items` is true. */
  readonly offset: number
  /** Events that came while the transcript was being read. */
  readonly held: readonly LogEvent[]
}

/** The thread's newest turn, as its events tell it. */
export interface TurnState {
  readonly id: string
  readonly status: 'running' | 'waiting' | 'needs_review' | 'completed' | 'failed' | 'cancelled' | 'interrupted' | 'superseded'
  readonly attempt: number
  readonly reason: string | null
  readonly agents: readonly string[]
  readonly startedAt: string
}

/** A message on its way: it is not sent until the server says so. */
export interface Outgoing {
  /** The idempotency key, the same in each try. */
  readonly key: string
  readonly text: string
  readonly parts: readonly SentPart[] | null
  readonly delivery: Delivery
  readonly state: 'sending' | 'waiting' | 'refused'
  readonly problem: string | null
  readonly tries: number
}

export interface Beginning extends Outgoing {
  readonly sessionId: string | null
  readonly agentId: string | null
  readonly templateId: string | null
}

/** One object, so that threads whose approvals nobody has told of look alike. */
export const NO_APPROVALS: ThreadState['approvals'] = {}

export const EMPTY_TRANSCRIPT: Transcript = {
  loading: 'absent',
  items: [],
  hasOlder: false,
  isLoadingOlder: false,
  offset: 0,
  held: [],
}

export const START: State = {
  me: null,
  connection: 'connecting',
  lists: 'absent',
  agents: [],
  sessions: {},
  threads: {},
  gone: {},
  unknown: [],
  shared: null,
  beginnings: [],
  dropped: 0,
}

export function newThread(summary: ThreadSummary): ThreadState {
  return {
    id: summary.id,
    summary,
    offset: 0,
    settings: null,
    usage: null,
    transcript: EMPTY_TRANSCRIPT,
    queue: null,
    queueOffset: 0,
    isPlanStale: false,
    approvals: NO_APPROVALS,
    votes: null,
    turn: null,
    newComments: 0,
    outgoing: [],
    isStopping: false,
    isLeaving: false,
  }
}
