/** Select: what views ask of the state. Each answer is the same object as long as nothing in it has changed. */
import type { Session, ThreadSummary } from '../protocol/resources'
import type { SharedWithMe, State, ThreadState } from './state'

/** What a thread, or a session of threads, asks for, the most urgent first. */
export type Mark = 'approval' | 'review' | 'failed' | 'paused' | 'running' | 'queued' | 'comments' | 'unread'
export const MARKS: readonly Mark[] = ['approval', 'review', 'failed', 'paused', 'running', 'queued', 'comments', 'unread']

export interface ThreadFilter {
  text: string
  tag: string | null
  only: 'all' | 'unread' | 'running' | 'archived'
  /** Threads in which the server has found the words; null while it has not answered. */
  found: readonly string[] | null
}

const GROUPS: Readonly<Record<ThreadSummary['kind'], number>> = { chat: 0, alert: 1, task: 2, work: 2 }

export const NO_FILTER: ThreadFilter = { text: '', tag: null, only: 'all', found: null }

export function isRunning(summary: ThreadSummary): boolean {
  return summary.status === 'running' || summary.status === 'waiting'
}

export function marksOf(thread: ThreadState): readonly Mark[] {
  const { summary } = thread
  const isAsking = Object.values(thread.approvals).some((approval) => approval.state === 'open')
  const marks: Record<Mark, boolean> = {
    approval: isAsking,
    review: summary.status === 'needs_review',
    failed: summary.status === 'idle' && (thread.turn?.status === 'failed' || summary.status_reason !== null),
    paused: summary.status === 'paused',
    // A thread that waits for a person does not work.
    running: isRunning(summary) && !isAsking,
    queued: summary.queue_depth > 0,
    comments: thread.newComments > 0,
    unread: summary.unread > 0,
  }
  return MARKS.filter((mark) => marks[mark])
}

export function marksOfSession(state: State, sessionId: string): readonly Mark[] {
  const threads = Object.values(state.threads).filter((thread) => thread.summary.session_id === sessionId)
  const found = new Set(threads.flatMap((thread) => (thread.summary.archived ? [] : marksOf(thread))))
  return MARKS.filter((mark) => found.has(mark) && mark !== 'queued')
}

/** Sessions by their latest activity. */
export function sessionsByActivity(state: State): Session[] {
  const latest: Record<string, string> = {}
  for (const { summary } of Object.values(state.threads)) {
    const at = activeAt(summary)
    if (at > (latest[summary.session_id] ?? '')) latest[summary.session_id] = at
  }
  const at = (session: Session): string => latest[session.id] ?? session.created_at
  return Object.values(state.sessions).sort((a, b) => at(b).localeCompare(at(a)))
}

/** A session's threads as the sidebar lists them: by groups of kinds; in each pinned ones first, then by activity. */
export function threadsOf(state: State, sessionId: string | null, filter: ThreadFilter): ThreadState[] {
  const words = wordsOf(filter)
  return Object.values(state.threads)
    .filter((thread) => thread.summary.session_id === sessionId && !thread.isLeaving && fits(thread, filter, words))
    .sort((a, b) => GROUPS[a.summary.kind] - GROUPS[b.summary.kind] || Number(b.summary.pinned) - Number(a.summary.pinned) || activeAt(b.summary).localeCompare(activeAt(a.summary)))
}

function wordsOf(filter: ThreadFilter): string[] {
  return filter.text.toLowerCase().split(/\s+/).filter(Boolean)
}

function fits({ summary }: ThreadState, filter: ThreadFilter, words: readonly string[]): boolean {
  if (summary.archived !== (filter.only === 'archived')) return false
  if (filter.only === 'unread' && summary.unread === 0) return false
  if (filter.only === 'running' && !isRunning(summary) && summary.queue_depth === 0) return false
  if (filter.tag !== null && !summary.tags.includes(filter.tag)) return false
  if (filter.found?.includes(summary.id)) return true
  const text = `${summary.title}\n${summary.tags.join(' ')}\n${summary.last_message ?? ''}`.toLowerCase()
  return words.every((word) => text.includes(word))
}

/** A session's threads in which something goes on or somebody is asked for, the most urgent first. */
export function activeThreadsOf(state: State, sessionId: string): ThreadState[] {
  const urgency = (thread: ThreadState): number => MARKS.indexOf(marksOf(thread)[0] ?? 'unread')
  return Object.values(state.threads)
    .filter((thread) => thread.summary.session_id === sessionId && !thread.summary.archived && !thread.isLeaving)
    .filter((thread) => marksOf(thread).some((mark) => mark !== 'unread' && mark !== 'comments'))
    .sort((a, b) => urgency(a) - urgency(b) || activeAt(b.summary).localeCompare(activeAt(a.summary)))
}

/** Threads of others whose titles fit the words, by activity; where only some of one's own are asked for, none. */
export function sharedWithMe(state: State, filter: ThreadFilter): SharedWithMe[] {
  if (filter.only !== 'all' || filter.tag !== null) return []
  const words = wordsOf(filter)
  const at = ({ share, summary }: SharedWithMe): string => (summary === null ? share.created_at : activeAt(summary))
  return Object.values(state.shared ?? {})
    .filter(({ share, summary }) => summary !== null && words.every((word) => `${summary.title}\n${share.by}`.toLowerCase().includes(word)))
    .sort((a, b) => at(b).localeCompare(at(a)))
}

export function tagsOf(state: State, sessionId: string | null): string[] {
  const threads = Object.values(state.threads).filter((thread) => thread.summary.session_id === sessionId)
  return [...new Set(threads.flatMap((thread) => thread.summary.tags))].sort()
}

export function activeAt(summary: ThreadSummary): string {
  return summary.last_message_at ?? summary.created_at
}

/** Whether the thread's title is still the one that every thread begins with. */
export function isUntitled(summary: ThreadSummary): boolean {
  return summary.title_source === 'default'
}
