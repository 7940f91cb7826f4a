/** Lists: sessions, threads, agents and open approvals, read when the page begins and after every break. */
import type { Client } from '../protocol/client'
import type { ReceivedShare, ThreadSummary } from '../protocol/resources'
import type { Store } from '../state/store'
import { isProblem } from '../protocol/problem'

const PAGE = 100
const FIRST_PAGES = 3
const MOST_PAGES = 10

interface ThreadsQuery {
  session_id?: string
  archived?: boolean
  q?: string
  shared?: 'with_me'
}

export class Lists {
  /** Sessions whose threads of every kind have been read. */
  private readonly whole = new Set<string>()
  private asking = new Set<string>()
  private askedForShared = 0

  constructor(
    private readonly store: Store,
    private readonly client: Client,
  ) {}

  /** Read everything that the sidebar shows. */
  async read(): Promise<void> {
    this.store.dispatch({ type: 'lists-loading' })
    const asked = this.store.get().threads
    try {
      const { api } = this.client
      const [sessions, threads, approvals, agents] = await Promise.all([
        this.client.ask(api.GET('/api/v1/sessions', { params: { query: { limit: PAGE } } })),
        this.threads({}, FIRST_PAGES),
        this.client.ask(api.GET('/api/v1/approvals', { params: { query: { state: 'open', limit: PAGE } } })),
        this.client.ask(api.GET('/api/v1/agents')),
        this.readShared(),
      ])
      const isWhole = threads.length < FIRST_PAGES * PAGE
      this.store.dispatch({ type: 'lists-read', sessions, threads, approvals, agents, isWhole, asked })
      await Promise.all([...this.whole].map((id) => this.readSession(id)))
    } catch (error) {
      this.store.dispatch({ type: 'lists-failed' })
      throw error
    }
  }

  /** Read what others share with the user, and whose it is. */
  async readShared(): Promise<void> {
    const number = ++this.askedForShared
    const shares = await this.allShares()
    const threads = shares.length === 0 ? [] : await this.threads({ shared: 'with_me' }, MOST_PAGES)
    // A late answer to an earlier question would bring back a share that has ended.
    if (number === this.askedForShared) this.store.dispatch({ type: 'shared-read', shares, threads })
  }

  /** Read all threads of a session, whatever their kind; once is enough, the stream tells the rest. */
  async show(sessionId: string): Promise<void> {
    if (this.whole.has(sessionId)) return
    this.whole.add(sessionId)
    try {
      await this.readSession(sessionId)
    } catch (error) {
      this.whole.delete(sessionId)
      throw error
    }
  }

  async readArchived(sessionId: string): Promise<void> {
    await this.merge({ session_id: sessionId, archived: true }, FIRST_PAGES)
  }

  /** Threads that hold the words, anywhere in what was said. */
  async search(text: string, sessionId: string | null): Promise<ThreadSummary[]> {
    return await this.merge({ q: text, ...(sessionId === null ? {} : { session_id: sessionId }) }, 1)
  }

  /** Ask for threads that events spoke of and no list has shown. */
  async meet(ids: readonly string[]): Promise<void> {
    const fresh = ids.filter((id) => !this.asking.has(id))
    for (const id of fresh) this.asking.add(id)
    await Promise.all(fresh.map((id) => this.readThread(id).catch(() => undefined)))
    for (const id of fresh) this.asking.delete(id)
  }

  async readThread(id: string): Promise<void> {
    try {
      const { data, headers } = await this.client.askWhole(
        this.client.api.GET('/api/v1/threads/{thread_id}', { params: { path: { thread_id: id } } }),
      )
      this.store.dispatch({ type: 'thread-read', threadId: id, thread: data, offset: Number(headers.get('Laneway-Offset')) })
    } catch (error) {
      if (isProblem(error) && error.status === 404) this.store.dispatch({ type: 'thread-gone', threadId: id })
      throw error
    }
  }

  private async readSession(sessionId: string): Promise<void> {
    await this.merge({ session_id: sessionId }, MOST_PAGES)
  }

  private async merge(query: ThreadsQuery, pages: number): Promise<ThreadSummary[]> {
    const asked = this.store.get().threads
    const threads = await this.threads(query, pages)
    this.store.dispatch({ type: 'threads-read', threads, asked })
    return threads
  }

  private threads(query: ThreadsQuery, most: number): Promise<ThreadSummary[]> {
    const { api } = this.client
    return pagesOf((place) => this.client.askWhole(api.GET('/api/v1/threads', { params: { query: { ...query, limit: PAGE, ...place } } })), most)
  }

  private allShares(): Promise<ReceivedShare[]> {
    const { api } = this.client
    return pagesOf((place) => this.client.askWhole(api.GET('/api/v1/shares', { params: { query: { limit: PAGE, ...place } } })), MOST_PAGES)
  }
}

/** A list, page after page. */
async function pagesOf<T>(ask: (place: { cursor?: string }) => Promise<{ data: T[]; headers: Headers }>, most: number): Promise<T[]> {
  const found: T[] = []
  let place: { cursor?: string } = {}
  for (let page = 0; page < most; page++) {
    const { data, headers } = await ask(place)
    found.push(...data)
    const cursor = headers.get('X-Next-Cursor')
    if (cursor === null) break
    place = { cursor }
  }
  return found
}
