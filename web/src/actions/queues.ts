/** Queues: what a person does to what waits in a thread. */
import type { Client } from '../protocol/client'
import { isProblem } from '../protocol/problem'
import type { Delivery, QueueItem } from '../protocol/resources'
import type { Notices } from './notices'

export interface QueueItemFields {
  message?: string
  hold?: boolean
  position?: number
  delivery?: Delivery
}

export class Queues {
  constructor(
    private readonly client: Client,
    private readonly notices: Notices,
  ) {}

  /** Change a waiting item. A text is only changed when nobody else has changed the item meanwhile. */
  edit(threadId: string, item: QueueItem, fields: QueueItemFields): Promise<boolean> {
    const header = fields.message === undefined ? {} : { 'If-Match': `"${item.version}"` }
    const where = { path: { thread_id: threadId, item_id: item.id }, header }
    return this.tried(() =>
      this.client.ask(this.client.api.PATCH('/api/v1/threads/{thread_id}/queue/{item_id}', { params: where, body: fields })),
    )
  }

  withdraw(threadId: string, itemId: string): Promise<boolean> {
    const where = { path: { thread_id: threadId, item_id: itemId } }
    return this.tried(() => this.client.ask(this.client.api.DELETE('/api/v1/threads/{thread_id}/queue/{item_id}', { params: where })))
  }

  pause(threadId: string): Promise<boolean> {
    return this.tried(() => this.client.ask(this.client.api.POST('/api/v1/threads/{thread_id}/queue/pause', { params: of(threadId) })))
  }

  resume(threadId: string): Promise<boolean> {
    return this.tried(() => this.client.ask(this.client.api.POST('/api/v1/threads/{thread_id}/queue/resume', { params: of(threadId) })))
  }

  clear(threadId: string): Promise<boolean> {
    return this.tried(() => this.client.ask(this.client.api.POST('/api/v1/threads/{thread_id}/queue/clear', { params: of(threadId) })))
  }

  /** The receipt of an item that is no longer waiting. */
  async receipt(itemId: string): Promise<string> {
    const found = await this.client.ask(
      this.client.api.GET('/api/v1/queue-items/{item_id}', { params: { path: { item_id: itemId } } }),
    )
    return found.state
  }

  private async tried(run: () => Promise<unknown>): Promise<boolean> {
    try {
      await run()
      return true
    } catch (error) {
      // Taken by a turn, or withdrawn in another tab: the stream says so too, and there is nothing to mend.
      if (isProblem(error) && (error.code === 'already_taken' || error.status === 404)) this.notices.tell(error.detail)
      else this.notices.fail(error)
      return false
    }
  }
}

function of(threadId: string): { path: { thread_id: string } } {
  return { path: { thread_id: threadId } }
}
