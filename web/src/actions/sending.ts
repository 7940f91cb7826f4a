/** Sending: messages on their way to threads, in order, each repeated with its key until the server has answered. */
import type { Client } from '../protocol/client'
import { newKey } from '../protocol/ids'
import { isProblem, Problem } from '../protocol/problem'
import type { Delivery, SentPart } from '../protocol/resources'
import type { Beginning, Outgoing } from '../state/state'
import type { Store } from '../state/store'
import { keep, kept } from './kept'

const FIRST_WAIT_MS = 500
const LONGEST_WAIT_MS = 10_000

interface Kept {
  messages: { threadId: string; outgoing: Outgoing }[]
  beginnings: Beginning[]
}

export interface Message {
  text: string
  parts?: readonly SentPart[] | null
  delivery?: Delivery
}

export class Sending {
  private readonly busy = new Set<string>()
  private wakeUps = new Set<() => void>()

  constructor(
    private readonly store: Store,
    private readonly client: Client,
    private readonly storage: Storage,
  ) {}

  /** Take up what an earlier page of this tab had not been able to send. The key makes sure that nothing doubles. */
  takeUp(): void {
    const left = kept(this.storage, 'outbox') as Kept | null
    for (const { threadId, outgoing } of left?.messages ?? []) {
      if (this.store.get().threads[threadId]?.outgoing.some((each) => each.key === outgoing.key)) continue
      this.store.dispatch({ type: 'send', threadId, outgoing })
      void this.pump(threadId)
    }
    for (const beginning of left?.beginnings ?? []) {
      if (this.store.get().beginnings.some((each) => each.key === beginning.key)) continue
      this.store.dispatch({ type: 'begin', beginning })
      void this.deliverBeginning(beginning.key)
    }
  }

  send(threadId: string, message: Message): void {
    this.store.dispatch({ type: 'send', threadId, outgoing: outgoingOf(message) })
    this.keepOutbox()
    void this.pump(threadId)
  }

  /** Make a thread with its first message. Gives its id once the server has made it, or null when it refused. */
  async begin(message: Message, where: { sessionId: string | null; agentId: string | null; templateId?: string | null }): Promise<string | null> {
    const beginning: Beginning = { ...outgoingOf(message), templateId: null, ...where }
    this.store.dispatch({ type: 'begin', beginning })
    this.keepOutbox()
    return await this.deliverBeginning(beginning.key)
  }

  /** Try again what the server had refused. */
  retry(threadId: string, key: string): void {
    this.store.dispatch({ type: 'send-changed', threadId, key, fields: { state: 'sending', problem: null } })
    void this.pump(threadId)
  }

  retryBeginning(key: string): Promise<string | null> {
    this.store.dispatch({ type: 'beginning-changed', key, fields: { state: 'sending', problem: null } })
    return this.deliverBeginning(key)
  }

  /** Forget a message that the server has refused. */
  discard(threadId: string, key: string): void {
    this.store.dispatch({ type: 'sent', threadId, key })
    this.keepOutbox()
  }

  discardBeginning(key: string): void {
    this.store.dispatch({ type: 'begun', key })
    this.keepOutbox()
  }

  /** Forget what was not sent: whoever wrote it has logged out. */
  clear(): void {
    keep(this.storage, 'outbox', null)
  }

  /** The server answers again: no need to wait out the pause. */
  hurry(): void {
    for (const wake of this.wakeUps) wake()
  }

  /** Send what waits in a thread, one after the other: their order is the order in which they were written. */
  private async pump(threadId: string): Promise<void> {
    if (this.busy.has(threadId)) return
    this.busy.add(threadId)
    try {
      for (let next = this.next(threadId); next !== undefined; next = this.next(threadId)) {
        await this.deliver(threadId, next)
      }
    } finally {
      this.busy.delete(threadId)
    }
  }

  private next(threadId: string): Outgoing | undefined {
    return this.store.get().threads[threadId]?.outgoing.find((each) => each.state !== 'refused')
  }

  private async deliver(threadId: string, message: Outgoing): Promise<void> {
    const { key, text, parts, delivery } = message
    try {
      await this.client.ask(
        this.client.api.POST('/api/v1/threads/{thread_id}/messages', {
          params: { path: { thread_id: threadId }, header: { 'Idempotency-Key': key } },
          body: parts === null ? { message: text, delivery } : { parts: [...parts], delivery },
        }),
      )
      this.store.dispatch({ type: 'sent', threadId, key })
    } catch (error) {
      await this.failed(error, message, (fields) => this.store.dispatch({ type: 'send-changed', threadId, key, fields }))
    }
    this.keepOutbox()
  }

  private async deliverBeginning(key: string): Promise<string | null> {
    for (;;) {
      const beginning = this.store.get().beginnings.find((each) => each.key === key)
      if (beginning === undefined || beginning.state === 'refused') return null
      try {
        const id = await this.make(beginning)
        this.store.dispatch({ type: 'begun', key })
        this.keepOutbox()
        return id
      } catch (error) {
        await this.failed(error, beginning, (fields) => this.store.dispatch({ type: 'beginning-changed', key, fields }))
      }
    }
  }

  private async make(beginning: Beginning): Promise<string> {
    const { key, text, parts, sessionId, agentId, templateId } = beginning
    const made = await this.client.ask(
      this.client.api.POST('/api/v1/threads', {
        params: { header: { 'Idempotency-Key': key } },
        body: {
          ...(sessionId === null ? {} : { session_id: sessionId }),
          ...(agentId === null ? {} : { agent_id: agentId }),
          ...(templateId === null ? {} : { template_id: templateId }),
          ...(parts === null ? { initial_message: text } : {}),
        },
      }),
    )
    this.store.dispatch({ type: 'thread-read', threadId: made.id, thread: made, offset: 0 })
    // Files can only go where a thread is; this message has its own key, so that a repetition doubles neither.
    if (parts !== null) this.send(made.id, { text, parts })
    return made.id
  }

  /** Say what is the matter; wait, when it may pass. */
  private async failed(error: unknown, message: Outgoing, tell: (fields: Partial<Outgoing>) => void): Promise<void> {
    const problem = isProblem(error) ? error : new Problem(0, 'unknown', String(error))
    // A login that ended is not the message's fault: it waits for the next one.
    const isRefused = !problem.isPassing && problem.status !== 401
    tell({ state: isRefused ? 'refused' : 'waiting', problem: problem.detail, tries: message.tries + 1 })
    if (isRefused) return
    const wait = Math.min(FIRST_WAIT_MS * 2 ** message.tries, LONGEST_WAIT_MS)
    await this.pause((problem.retryAfterS ?? 0) * 1000 || wait)
    tell({ state: 'sending' })
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer)
        this.wakeUps.delete(wake)
        resolve()
      }
      const timer = setTimeout(wake, ms)
      this.wakeUps.add(wake)
    })
  }

  private keepOutbox(): void {
    const { me, threads, beginnings } = this.store.get()
    // A login that ended emptied the state, not the outbox: what is in it is sent after the next one.
    if (me === false) return
    const messages = Object.values(threads).flatMap(({ id, outgoing }) =>
      outgoing.map((each) => ({ threadId: id, outgoing: each })),
    )
    const isEmpty = messages.length === 0 && beginnings.length === 0
    keep(this.storage, 'outbox', isEmpty ? null : { messages, beginnings })
  }
}

function outgoingOf({ text, parts = null, delivery = 'queue' }: Message): Outgoing {
  return { key: newKey(), text, parts, delivery, state: 'sending', problem: null, tries: 0 }
}
