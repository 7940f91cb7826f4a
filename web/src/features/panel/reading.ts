/** Reading: what a view reads of a session beyond the lists: when it opens, and anew when an event says it changed. */
import { useCallback, useEffect, useRef, useState } from 'react'
import type { Client } from '../../protocol/client'
import type { EventType, LogEvent } from '../../protocol/event'
import { usePage } from '../page'

export interface Reading<T> {
  /** null until the first answer. */
  value: T | null
  isFailed: boolean
  again: () => void
}

/** `read` and `types` have to be constants: a new one is a new question. */
export function useReading<T>(sessionId: string, read: (client: Client, sessionId: string) => Promise<T>, types: readonly EventType[]): Reading<T> {
  const page = usePage()
  const [answer, setAnswer] = useState<{ of: string; value: T } | null>(null)
  const [isFailed, setFailed] = useState(false)
  const asked = useRef(0)
  const again = useCallback(() => {
    const number = ++asked.current
    read(page.client, sessionId).then(
      (value) => {
        // A late answer to an earlier question, or about another session, is no answer.
        if (number !== asked.current) return
        setFailed(false)
        setAnswer({ of: sessionId, value })
      },
      () => number === asked.current && setFailed(true),
    )
  }, [page, sessionId, read])
  useEffect(() => {
    again()
    const hear = (events: readonly LogEvent[]): void => {
      if (events.some((event) => event.session_id === sessionId && types.includes(event.type))) again()
    }
    page.eventListeners.add(hear)
    return () => void page.eventListeners.delete(hear)
  }, [page, sessionId, types, again])
  return { value: answer?.of === sessionId ? answer.value : null, isFailed, again }
}
