/** Sessions: what a person does to a session, and which thread they last viewed in it. */
import type { Client } from '../protocol/client'
import { newKey } from '../protocol/ids'
import type { Session } from '../protocol/resources'
import type { Store } from '../state/store'
import type { Notices } from './notices'

export class Sessions {
  private selected = new Map<string, string>()

  constructor(
    private readonly store: Store,
    private readonly client: Client,
    private readonly notices: Notices,
  ) {}

  async create(fields: { title: string; environment: string; mode: Session['mode'] }): Promise<Session | null> {
    return await this.tried(async () => {
      const header = { 'Idempotency-Key': newKey() }
      const session = await this.client.ask(this.client.api.POST('/api/v1/sessions', { params: { header }, body: fields }))
      this.store.dispatch({ type: 'session-read', session })
      return session
    })
  }

  async change(id: string, fields: { title?: string; mode?: Session['mode'] }): Promise<Session | null> {
    return await this.tried(async () => {
      const where = { path: { session_id: id } }
      const session = await this.client.ask(this.client.api.PATCH('/api/v1/sessions/{session_id}', { params: where, body: fields }))
      this.store.dispatch({ type: 'session-read', session })
      return session
    })
  }

  async remove(id: string): Promise<boolean> {
    const done = await this.tried(async () => {
      await this.client.ask(this.client.api.DELETE('/api/v1/sessions/{session_id}', { params: { path: { session_id: id } } }))
      this.store.dispatch({ type: 'session-gone', sessionId: id })
      return true
    })
    return done ?? false
  }

  /** The thread that was viewed last; asked once, when the page begins. */
  async lastViewed(id: string): Promise<string | null> {
    try {
      const where = { path: { session_id: id } }
      return (await this.client.ask(this.client.api.GET('/api/v1/sessions/{session_id}/selection', { params: where }))).thread_id
    } catch {
      return null
    }
  }

  /** Note which thread is viewed: for the next visit, and for nothing else. */
  viewed(id: string, threadId: string): void {
    if (this.selected.get(id) === threadId) return
    this.selected.set(id, threadId)
    const where = { path: { session_id: id } }
    this.client
      .ask(this.client.api.PUT('/api/v1/sessions/{session_id}/selection', { params: where, body: { thread_id: threadId } }))
      .catch(() => undefined)
  }

  private async tried<T>(run: () => Promise<T>): Promise<T | null> {
    try {
      return await run()
    } catch (error) {
      this.notices.fail(error)
      return null
    }
  }
}
