/** Threads: what a person does to a thread. The answers' news comes by the stream, for every tab alike. */
import type { Client } from '../protocol/client'
import { newKey } from '../protocol/ids'
import { isProblem } from '../protocol/problem'
import type { ThreadSettings } from '../protocol/resources'
import type { Store } from '../state/store'
import type { Notices } from './notices'

export const UNDO_MS = 5_000

export interface ThreadFields {
  title?: string
  tags?: string[]
  pinned?: boolean
  archived?: boolean
  agent_id?: string
  settings?: Partial<Omit<ThreadSettings, 'resume' | 'ticket'>> & { resume?: boolean }
}

export class Threads {
  private readonly leaving = new Map<string, { timer: ReturnType<typeof setTimeout>; notice: number }>()

  constructor(
    private readonly store: Store,
    private readonly client: Client,
    private readonly notices: Notices,
  ) {}

  change(threadId: string, fields: ThreadFields): Promise<boolean> {
    return this.tried(async () => {
      await this.client.ask(
        this.client.api.PATCH('/api/v1/threads/{thread_id}', { params: path(threadId), body: fields }),
      )
    })
  }

  /** Hide a thread now and delete it in some seconds, unless somebody wants it back. */
  remove(threadId: string, told: string, undo: string): void {
    this.store.dispatch({ type: 'leaving', threadId, isLeaving: true })
    const timer = setTimeout(() => void this.removeNow(threadId), UNDO_MS)
    const notice = this.notices.tell(told, { label: undo, run: () => this.keep(threadId) }, UNDO_MS)
    this.leaving.set(threadId, { timer, notice })
  }

  keep(threadId: string): void {
    const left = this.leaving.get(threadId)
    if (left === undefined) return
    clearTimeout(left.timer)
    this.notices.dismiss(left.notice)
    this.leaving.delete(threadId)
    this.store.dispatch({ type: 'leaving', threadId, isLeaving: false })
  }

  /** The page goes away: what was asked for is done at once. */
  flush(): void {
    for (const [threadId, { timer }] of this.leaving) {
      clearTimeout(timer)
      void this.removeNow(threadId)
    }
  }

  stop(threadId: string): Promise<boolean> {
    this.store.dispatch({ type: 'stopping', threadId, isStopping: true })
    return this.tried(
      () => this.client.ask(this.client.api.POST('/api/v1/threads/{thread_id}/cancel', { params: path(threadId) })),
      () => this.store.dispatch({ type: 'stopping', threadId, isStopping: false }),
    )
  }

  markRead(threadId: string, itemId: string): void {
    this.store.dispatch({ type: 'marked-read', threadId })
    this.client
      .ask(this.client.api.POST('/api/v1/threads/{thread_id}/read', { params: path(threadId), body: { item_id: itemId } }))
      .catch(() => undefined)
  }

  sawComments(threadId: string): void {
    this.store.dispatch({ type: 'comments-seen', threadId })
  }

  /** A copy of the thread up to an item, or null when there is none. */
  async fork(threadId: string, afterItemId: string | null): Promise<string | null> {
    let made: string | null = null
    await this.tried(async () => {
      const body = afterItemId === null ? {} : { after_item_id: afterItemId }
      const header = { 'Idempotency-Key': newKey() }
      const thread = await this.client.ask(
        this.client.api.POST('/api/v1/threads/{thread_id}/fork', { params: { ...path(threadId), header }, body }),
      )
      this.store.dispatch({ type: 'thread-read', threadId: thread.id, thread, offset: 0 })
      made = thread.id
    })
    return made
  }

  editMessage(threadId: string, itemId: string, message: string): Promise<boolean> {
    return this.tried(() =>
      this.client.ask(
        this.client.api.POST('/api/v1/threads/{thread_id}/messages/{item_id}/edit', {
          params: { path: { thread_id: threadId, item_id: itemId }, header: { 'Idempotency-Key': newKey() } },
          body: { message },
        }),
      ),
    )
  }

  regenerate(threadId: string, itemId: string): Promise<boolean> {
    return this.tried(() =>
      this.client.ask(
        this.client.api.POST('/api/v1/threads/{thread_id}/messages/{item_id}/regenerate', {
          params: { path: { thread_id: threadId, item_id: itemId }, header: { 'Idempotency-Key': newKey() } },
        }),
      ),
    )
  }

  deleteMessage(threadId: string, itemId: string): Promise<boolean> {
    return this.tried(() =>
      this.client.ask(
        this.client.api.DELETE('/api/v1/threads/{thread_id}/messages/{item_id}', {
          params: { path: { thread_id: threadId, item_id: itemId } },
        }),
      ),
    )
  }

  /** Vote on a message, or take the vote back. */
  vote(threadId: string, itemId: string, value: 1 | -1 | null): Promise<boolean> {
    const before = this.store.get().threads[threadId]?.votes?.[itemId] ?? null
    const where = { params: { path: { thread_id: threadId, item_id: itemId } } }
    const show = (shown: 1 | -1 | null): void => this.store.dispatch({ type: 'voted', threadId, itemId, value: shown })
    show(value)
    return this.tried(
      () =>
        value === null
          ? this.client.ask(this.client.api.DELETE('/api/v1/threads/{thread_id}/messages/{item_id}/vote', where))
          : this.client.ask(this.client.api.PUT('/api/v1/threads/{thread_id}/messages/{item_id}/vote', { ...where, body: { value } })),
      () => show(before),
    )
  }

  retryTurn(threadId: string, turnId: string): Promise<boolean> {
    return this.tried(() =>
      this.client.ask(
        this.client.api.POST('/api/v1/threads/{thread_id}/turns/{turn_id}/retry', {
          params: { path: { thread_id: threadId, turn_id: turnId } },
        }),
      ),
    )
  }

  review(turnId: string, action: 'retry' | 'skip' | 'mark_done'): Promise<boolean> {
    return this.tried(() =>
      this.client.ask(
        this.client.api.POST('/api/v1/turns/{turn_id}/review', { params: { path: { turn_id: turnId } }, body: { action } }),
      ),
    )
  }

  decide(approvalId: string, hash: string, decision: 'approve' | 'reject', note?: string): Promise<boolean> {
    return this.tried(() =>
      this.client.ask(
        this.client.api.POST('/api/v1/approvals/{approval_id}', {
          params: { path: { approval_id: approvalId } },
          body: { decision, arguments_hash: hash, ...(note ? { note } : {}) },
        }),
      ),
    )
  }

  private async removeNow(threadId: string): Promise<void> {
    this.leaving.delete(threadId)
    try {
      await this.client.ask(
        this.client.api.DELETE('/api/v1/threads/{thread_id}', { params: path(threadId), keepalive: true }),
      )
      this.store.dispatch({ type: 'thread-gone', threadId })
    } catch (error) {
      // Somebody else was faster: it is gone, as it should be.
      if (isProblem(error) && error.status === 404) { this.store.dispatch({ type: 'thread-gone', threadId }); return; }
      this.store.dispatch({ type: 'leaving', threadId, isLeaving: false })
      this.notices.fail(error)
    }
  }

  private async tried(run: () => Promise<unknown>, otherwise?: () => void): Promise<boolean> {
    try {
      await run()
      return true
    } catch (error) {
      otherwise?.()
      this.notices.fail(error)
      return false
    }
  }
}

function path(threadId: string): { path: { thread_id: string } } {
  return { path: { thread_id: threadId } }
}
