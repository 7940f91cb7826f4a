/** Shared: what somebody with a link can do: read a thread, follow it, and comment on it where the link permits. */
import { Client } from '../protocol/client'
import type { LogEvent, StreamReset } from '../protocol/event'
import { newKey } from '../protocol/ids'
import { isProblem } from '../protocol/problem'
import type { Comment, Item, SharedThread } from '../protocol/resources'
import { EventStream, sharedPlace } from '../protocol/stream'
import { NOTHING_SHARED, reduceShared, type SharedChange, type SharedState } from '../state/shared'
import { StoreOf } from '../state/store'

const PAGE = 100
const AGAIN_AFTER_MS = 2_000

/** The token in an address such as `/s/…`, or null where nothing is shared. */
export function sharedTokenOf(path: string): string | null {
  return /^\/s\/([^/]+)$/.exec(path)?.[1] ?? null
}

export class Shared {
  readonly store: StoreOf<SharedState, SharedChange>
  /** Who has logged in here is nobody's business: the token is the only credential. */
  private readonly client = new Client('', 'omit')
  private readonly stream: EventStream

  constructor(
    private readonly token: string,
    nextFrame: (run: () => void) => void = queueMicrotask,
  ) {
    this.store = new StoreOf(NOTHING_SHARED, reduceShared, nextFrame)
    this.stream = new EventStream(sharedPlace(token), {
      onOpen: (isContinued) => this.opened(isContinued),
      onEvents: (events) => this.heard(events),
      onLost: () => this.store.dispatch({ type: 'lost' }),
      onEnded: () => this.store.dispatch({ type: 'ended' }),
    })
  }

  async start(): Promise<void> {
    await this.stream.run()
  }

  hurry(): void {
    this.stream.hurry()
  }

  async comment(name: string, text: string): Promise<void> {
    const params = { path: { token: this.token }, header: { 'Idempotency-Key': newKey() } }
    const body = { text, ...(name === '' ? {} : { name }) }
    const comment = await this.client.ask(this.client.api.POST('/api/v1/shared/{token}/comments', { params, body }))
    this.store.dispatch({ type: 'commented', comment })
  }

  // The stream is open before anything is read, so that nothing can happen between the reading and the events.
  private opened(isContinued: boolean): void {
    if (isContinued && this.store.get().transcript.loading === 'ready') this.store.dispatch({ type: 'continued' })
    else void this.read()
  }

  private heard(events: readonly (LogEvent | StreamReset)[]): void {
    const facts = events.filter((event): event is LogEvent => event.type !== 'stream.reset')
    this.store.dispatch(...facts.map((event): SharedChange => ({ type: 'event', event })))
    if (facts.length < events.length) void this.read()
  }

  private async read(): Promise<void> {
    this.store.dispatch({ type: 'reading' })
    try {
      const { thread, items, offset } = await this.transcript()
      const comments = thread.permission === 'comment' ? await this.comments() : []
      this.store.dispatch({ type: 'read', thread, items, offset, comments })
    } catch (error) {
      if (isProblem(error) && error.status === 404) {
        this.stream.stop()
        this.store.dispatch({ type: 'ended' })
        return
      }
      this.store.dispatch({ type: 'lost' })
      setTimeout(() => void this.read(), AGAIN_AFTER_MS)
    }
  }

  /** All of it, and the offset at which the first page was read: what has happened since, the events tell. */
  private async transcript(): Promise<{ thread: SharedThread; items: Item[]; offset: number }> {
    const { data: thread, headers } = await this.page(null)
    const items = itemsOf(thread)
    for (let cursor = headers.get('X-Next-Cursor'); cursor !== null; ) {
      const next = await this.page(cursor)
      items.push(...itemsOf(next.data))
      cursor = next.headers.get('X-Next-Cursor')
    }
    return { thread, items, offset: Number(headers.get('Laneway-Offset')) }
  }

  private page(cursor: string | null): Promise<{ data: SharedThread; headers: Headers }> {
    const query = { limit: PAGE, ...(cursor === null ? {} : { cursor }) }
    return this.client.askWhole(this.client.api.GET('/api/v1/shared/{token}', { params: { path: { token: this.token }, query } }))
  }

  private async comments(): Promise<readonly Comment[]> {
    const params = { path: { token: this.token }, query: { limit: PAGE } }
    return await this.client.ask(this.client.api.GET('/api/v1/shared/{token}/comments', { params }))
  }
}

// The schema leaves the fields of a part open; `Part` names those that the API documents.
function itemsOf(thread: SharedThread): Item[] {
  return thread.messages as unknown as Item[]
}
