/** Reduce: the state after a change. Pure; an event of one thread touches that thread's state and no other's. */
import type { EventOf, LogEvent } from '../protocol/event'
import { isThreadId } from '../protocol/ids'
import type { Approval, Session, ThreadSummary } from '../protocol/resources'
import type { Asked, Change, ThreadChange } from './change'
import { EMPTY_TRANSCRIPT, newThread, NO_APPROVALS, START, type State, type ThreadState } from './state'
import { reduceThreadEvent } from './thread-event'
import { reduceThreadChange } from './thread-change'

export function reduce(state: State, change: Change): State {
  switch (change.type) {
    case 'event':
      return reduceEvent(state, change.event)
    case 'signed-in':
      return { ...state, me: change.me }
    case 'signed-out':
      return { ...START, me: false }
    case 'connection':
      return { ...state, connection: change.connection }
    case 'lists-loading':
      return { ...state, lists: state.lists === 'ready' ? 'ready' : 'loading' }
    case 'lists-failed':
      return { ...state, lists: state.lists === 'ready' ? 'ready' : 'failed' }
    case 'lists-read':
      return readLists(state, change)
    case 'threads-read':
      return { ...state, threads: mergeThreads(state, change.threads, change.asked), unknown: [] }
    case 'shared-read':
      return { ...state, shared: sharedBy(change) }
    case 'session-read':
      return { ...state, sessions: { ...state.sessions, [change.session.id]: change.session } }
    case 'session-gone':
      return dropSession(state, change.sessionId)
    case 'begin':
      return { ...state, beginnings: [...state.beginnings, change.beginning] }
    case 'beginning-changed':
      return {
        ...state,
        beginnings: state.beginnings.map((each) => (each.key === change.key ? { ...each, ...change.fields } : each)),
      }
    case 'begun':
      return { ...state, beginnings: state.beginnings.filter((each) => each.key !== change.key) }
    default:
      return reduceOfThread(state, change)
  }
}

function reduceOfThread(state: State, change: ThreadChange): State {
  const { threadId } = change
  if (change.type === 'thread-gone') return dropThread(state, threadId)
  if (state.gone[threadId]) return state
  const known = state.threads[threadId] ?? (change.type === 'thread-read' ? newThread(summaryOf(change.thread)) : null)
  return known === null ? state : withThread(state, reduceThreadChange(known, change))
}

/** A thread's resource without what only the resource has. */
function summaryOf(thread: ThreadSummary): ThreadSummary {
  return thread
}

function withThread(state: State, thread: ThreadState): State {
  if (state.threads[thread.id] === thread) return state
  return { ...state, threads: { ...state.threads, [thread.id]: thread } }
}

function reduceEvent(state: State, event: LogEvent): State {
  switch (event.type) {
    case 'session.created':
    case 'session.updated': {
      const counts = state.sessions[event.data.session.id]?.counts ?? event.data.session.counts
      const session = { ...event.data.session, counts }
      return { ...state, sessions: { ...state.sessions, [session.id]: session } }
    }
    case 'comment.added':
      return countComment(state, event)
    case 'session.deleted':
      return event.session_id === null ? state : dropSession(state, event.session_id)
    default:
      return isOfSession(event) ? state : reduceEventOfThread(state, event)
  }
}

/** What others say counts, until somebody looks; one's own needs no sign, in whichever tab it was written. */
function countComment(state: State, event: EventOf<'comment.added'>): State {
  const thread = isThreadId(event.thread_id) ? state.threads[event.thread_id] : undefined
  const isOwn = state.me !== null && state.me !== false && state.me.name === event.data.comment.author
  return thread === undefined || isOwn ? state : withThread(state, { ...thread, newComments: thread.newComments + 1 })
}

/** What the session panel reads anew when it hears of it: nothing of it is kept here. */
const SESSION_EVENTS = /^(state|lane|timer|watcher|alert|binding|delivery|share|template|comment|key|user|desk)\./

function isOfSession(event: LogEvent): boolean {
  return SESSION_EVENTS.test(event.type)
}

function reduceEventOfThread(state: State, event: LogEvent): State {
  const id = event.thread_id
  if (!isThreadId(id)) return { ...state, dropped: state.dropped + 1 }
  if (event.type === 'thread.deleted') return dropThread(state, id)
  if (state.gone[id]) return state
  const known = state.threads[id]
  if (known !== undefined) return withThread(state, reduceThreadEvent(known, event))
  if (event.type === 'thread.created' || event.type === 'thread.updated') {
    return withThread(state, reduceThreadEvent(newThread(event.data.summary), event))
  }
  return state.unknown.includes(id) ? state : { ...state, unknown: [...state.unknown, id] }
}

function dropThread(state: State, id: string): State {
  const { [id]: dropped, ...threads } = state.threads
  if (dropped === undefined && state.gone[id]) return state
  return { ...state, threads, gone: { ...state.gone, [id]: true } }
}

function dropSession(state: State, id: string): State {
  const { [id]: dropped, ...sessions } = state.sessions
  const leaving = Object.values(state.threads).filter((thread) => thread.summary.session_id === id)
  if (dropped === undefined && leaving.length === 0) return state
  return leaving.reduce((rest, thread) => dropThread(rest, thread.id), { ...state, sessions })
}

function readLists(state: State, read: Extract<Change, { type: 'lists-read' }>): State {
  const { asked, agents } = read
  const listed = new Set(read.threads.map((thread) => thread.id))
  const sessions: Record<string, Session> = Object.fromEntries(read.sessions.map((each) => [each.id, each]))
  const kept = Object.values(mergeThreads(state, read.threads, asked))
    .filter((thread) => listed.has(thread.id) || !read.isWhole || !isSurelyGone(thread, asked))
    .map((thread) => (approvalsOf(state.threads, thread) === approvalsOf(asked, thread) ? withApprovals(thread, read.approvals) : thread))
  const threads = Object.fromEntries(kept.map((thread) => [thread.id, thread]))
  return { ...state, lists: 'ready', agents, sessions, threads, unknown: [] }
}

/** Known before the list was asked for, untouched since, and not in it: it was deleted while nobody listened. */
function isSurelyGone(thread: ThreadState, asked: Asked): boolean {
  const { kind, archived } = thread.summary
  return kind === 'chat' && !archived && thread.outgoing.length === 0 && asked[thread.id]?.summary === thread.summary
}

function approvalsOf(threads: Asked, { id }: ThreadState): ThreadState['approvals'] {
  return threads[id]?.approvals ?? NO_APPROVALS
}

function withApprovals(thread: ThreadState, approvals: readonly Approval[]): ThreadState {
  const open = approvals.filter((approval) => approval.thread_id === thread.id)
  return { ...thread, approvals: Object.fromEntries(open.map((approval) => [approval.id, approval])) }
}

function sharedBy({ shares, threads }: Extract<Change, { type: 'shared-read' }>): State['shared'] {
  const summaries = new Map(threads.map((summary) => [summary.id, summary]))
  return Object.fromEntries(shares.map((share) => [share.thread_id, { share, summary: summaries.get(share.thread_id) ?? null }]))
}

function mergeThreads(state: State, read: readonly ThreadSummary[], asked: Asked): Record<string, ThreadState> {
  const threads: Record<string, ThreadState> = { ...state.threads }
  for (const summary of read) {
    if (state.gone[summary.id]) continue
    const known = threads[summary.id]
    if (known === undefined) threads[summary.id] = newThread(summary)
    else if (known.summary === asked[summary.id]?.summary) threads[summary.id] = { ...known, summary }
  }
  return threads
}

/** Forget transcripts, so that those that are looked at are read again: for after a break with events missed. */
export function forgetTranscripts(state: State): State {
  const threads = Object.fromEntries(
    Object.values(state.threads).map((thread) => [
      thread.id,
      thread.transcript.loading === 'absent' ? thread : { ...thread, transcript: { ...EMPTY_TRANSCRIPT, items: thread.transcript.items } },
    ]),
  )
  return { ...state, threads }
}
