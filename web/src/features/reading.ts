/** Reading: what a view reads beyond the lists, of a session, a thread or the user: when it opens, and anew on news of it. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Client } from '../protocol/client'
import type { EventType, LogEvent } from '../protocol/event'
import { usePage } from './page'

export interface Reading<T> {
  /** null until the first answer. */
  value: T | null
  isFailed: boolean
  again: () => void
}

const NO_NEWS: readonly EventType[] = []

/** `id` is of a session or a thread; `read` and `types` have to be constants: a new one is a new question. */
export function useReading<T>(id: string, read: (client: Client, id: string) => Promise<T>, types = NO_NEWS): Reading<T> {
  const page = usePage()
  const [answer, setAnswer] = useState<{ of: string; value: T } | null>(null)
  const [isFailed, setFailed] = useState(false)
  const asked = useRef(0)
  const again = useCallback(() => {
    const number = ++asked.current
    read(page.client, id).then(
      (value) => {
        // A late answer to an earlier question, or about something else, is no answer.
        if (number !== asked.current) return
        setFailed(false)
        setAnswer({ of: id, value })
      },
      () => number === asked.current && setFailed(true),
    )
  }, [page, id, read])
  useEffect(() => {
    again()
    const hear = (events: readonly LogEvent[]): void => {
      if (events.some((event) => (event.session_id === id || event.thread_id === id) && types.includes(event.type))) again()
    }
    page.eventListeners.add(hear)
    return () => void page.eventListeners.delete(hear)
  }, [page, id, types, again])
  return { value: answer?.of === id ? answer.value : null, isFailed, again }
}
