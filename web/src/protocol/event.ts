/** Event: a fact as the stream tells it. A type that the server adds becomes an error in the reducer that ignores it. */
import type { Item, Thread } from './resources'
import type { components } from './schema'

type EventByType = components['schemas']['EventByType']
type WithItems<T> = { [K in keyof T]: K extends 'item' ? (T[K] extends { seq: number } ? Item : T[K]) : T[K] }

export interface Envelope {
  offset: number
  seq?: number
  session_id: string | null
  thread_id: string | null
  turn_id: string | null
  agent: string | null
  at: string
  /** What changed in the thread's resource by the commit that this event ends. */
  thread?: Partial<Thread>
}

export type EventType = keyof EventByType
export type EventOf<T extends EventType> = Envelope & { type: T; data: WithItems<EventByType[T]> }
export type LogEvent = { [T in EventType]: EventOf<T> }[EventType]

/** What a stream says about itself: a cursor lay in a folded item, so the thread has to be read anew. */
export interface StreamReset {
  type: 'stream.reset'
  thread_id: string | null
  session_id?: string | null
  data: unknown
}

/** What the data of a frame holds, or null when it is no event at all. */
export function readEvent(data: string): LogEvent | StreamReset | null {
  let value: unknown
  try {
    value = JSON.parse(data)
  } catch {
    return null
  }
  const isEvent = typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
  return isEvent ? (value as LogEvent | StreamReset) : null
}
