/** Thread change: what answers and requests do to the state of the thread that they name. */
import type { ThreadChange } from './change'
import type { ThreadState } from './state'
import { readTranscript } from './transcript'

export function reduceThreadChange(thread: ThreadState, change: ThreadChange): ThreadState {
  const { transcript } = thread
  switch (change.type) {
    case 'thread-gone':
      return thread
    case 'thread-read': {
      const { settings, usage, ...summary } = change.thread
      // Of an answer that was overtaken by events only that is news which no event has told.
      if (change.offset < thread.offset) return { ...thread, settings: thread.settings ?? settings, usage: thread.usage ?? usage }
      return { ...thread, summary: { ...thread.summary, ...summary }, offset: change.offset, settings, usage }
    }
    case 'transcript-loading':
      return { ...thread, transcript: { ...transcript, loading: 'loading', held: [] } }
    case 'transcript-failed':
      return { ...thread, transcript: { ...transcript, loading: 'failed', held: [] } }
    case 'transcript-read':
      return { ...thread, transcript: readTranscript(transcript, change) }
    case 'transcript-stale':
      return transcript.loading === 'absent' ? thread : { ...thread, transcript: { ...transcript, loading: 'absent' } }
    case 'older-loading':
      return { ...thread, transcript: { ...transcript, isLoadingOlder: true } }
    case 'older-failed':
      return { ...thread, transcript: { ...transcript, isLoadingOlder: false } }
    case 'older-read': {
      const known = new Set(transcript.items.map((item) => item.id))
      const items = [...change.items.filter((item) => !known.has(item.id)), ...transcript.items]
      return { ...thread, transcript: { ...transcript, items, hasOlder: change.hasOlder, isLoadingOlder: false } }
    }
    case 'queue-read':
      // An answer that was overtaken by events is of no use.
      if (change.offset < thread.queueOffset) return thread
      return { ...thread, queue: change.queue, queueOffset: change.offset, isPlanStale: false }
    case 'turn-read': {
      const { id, status, attempt, started_at, runs } = change.turn
      const agents = runs.map((run) => run.agent)
      return { ...thread, turn: { id, status, attempt, reason: change.reason, agents, startedAt: started_at } }
    }
    case 'send':
      return { ...thread, outgoing: [...thread.outgoing, change.outgoing] }
    case 'send-changed':
      return {
        ...thread,
        outgoing: thread.outgoing.map((each) => (each.key === change.key ? { ...each, ...change.fields } : each)),
      }
    case 'sent':
      return { ...thread, outgoing: thread.outgoing.filter((each) => each.key !== change.key) }
    case 'stopping':
      return { ...thread, isStopping: change.isStopping && thread.summary.active_turn_id !== null }
    case 'leaving':
      return { ...thread, isLeaving: change.isLeaving }
    case 'comments-seen':
      return { ...thread, newComments: 0 }
    case 'votes-read':
      return { ...thread, votes: change.votes }
    case 'voted': {
      const others = Object.entries(thread.votes ?? {}).filter(([id]) => id !== change.itemId)
      const cast = change.value === null ? [] : [[change.itemId, change.value] as const]
      return { ...thread, votes: Object.fromEntries([...others, ...cast]) }
    }
    case 'marked-read':
      return { ...thread, summary: { ...thread.summary, unread: 0 } }
  }
}
