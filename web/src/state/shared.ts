/** Shared: what is known of a thread of somebody else: as its share shows it, live, and the comments beside it. */
import type { LogEvent } from '../protocol/event'
import type { Comment, Item, SharedThread } from '../protocol/resources'
import { EMPTY_TRANSCRIPT, type Transcript } from './state'
import { followTranscript, readTranscript } from './transcript'

export interface SharedState {
  /** `ended`: the share was none, or holds no more. What had been read is forgotten. */
  readonly standing: 'loading' | 'live' | 'lost' | 'ended'
  readonly thread: Omit<SharedThread, 'messages'> | null
  readonly transcript: Transcript
  readonly comments: readonly Comment[]
}

export type SharedChange =
  | { type: 'reading' }
  | { type: 'read'; thread: Omit<SharedThread, 'messages'>; items: readonly Item[]; offset: number; comments: readonly Comment[] }
  | { type: 'continued' }
  | { type: 'lost' }
  | { type: 'ended' }
  | { type: 'commented'; comment: Comment }
  | { type: 'event'; event: LogEvent }

export const NOTHING_SHARED: SharedState = { standing: 'loading', thread: null, transcript: EMPTY_TRANSCRIPT, comments: [] }

export function reduceShared(state: SharedState, change: SharedChange): SharedState {
  switch (change.type) {
    case 'reading':
      return { ...state, transcript: { ...state.transcript, loading: 'loading', held: [] } }
    case 'read': {
      const { thread, items, offset, comments } = change
      const transcript = readTranscript(state.transcript, { items, hasOlder: false, offset })
      return { standing: 'live', thread, transcript, comments: comments.reduce(withComment, state.comments) }
    }
    case 'continued':
      return { ...state, standing: 'live' }
    case 'lost':
      return { ...state, standing: 'lost' }
    case 'ended':
      return { ...NOTHING_SHARED, standing: 'ended' }
    case 'commented':
      return { ...state, comments: withComment(state.comments, change.comment) }
    case 'event':
      return reduceEvent(state, change.event)
  }
}

function reduceEvent(state: SharedState, event: LogEvent): SharedState {
  switch (event.type) {
    case 'comment.added':
      return { ...state, comments: withComment(state.comments, event.data.comment) }
    case 'comment.deleted': {
      const { comment_id } = event.data
      return { ...state, comments: state.comments.filter((each) => each.id !== comment_id) }
    }
    default:
      return { ...state, transcript: followTranscript(state.transcript, event) }
  }
}

/** Once, whether an answer or an event tells of it first. */
function withComment(comments: readonly Comment[], comment: Comment): readonly Comment[] {
  return comments.some((each) => each.id === comment.id) ? comments : [...comments, comment]
}
