/** Shared: what can be done with a thread of somebody else: read it, follow it, and comment on it where that is allowed. */
import { Client } from '../protocol/client'
import type { LogEvent, StreamReset } from '../protocol/event'
import { newKey } from '../protocol/ids'
import { everyPage, everything, type PageQuery } from '../protocol/pages'
import { isProblem } from '../protocol/problem'
import type { Comment, Item, ReceivedShare, SharedThread } from '../protocol/resources'
import { EventStream, sharedPlace, threadPlace, type StreamPlace } from '../protocol/stream'
import { NOTHING_SHARED, reduceShared, type SharedChange, type SharedState } from '../state/shared'
import { StoreOf } from '../state/store'
import { Files } from './files'

const AGAIN_AFTER_MS = 2_000

/** What was said, and the offset at which its beginning was read: what has happened since, the events tell. */
interface Said {
  thread: Omit<SharedThread, 'messages'>
  items: Item[]
  offset: number
}

/** How a thread is shared with whoever reads it: by a link, or with them by name. */
export interface Way {
  readonly place: StreamPlace
  readonly files: Files
  read: () => Promise<Said>
  comments: () => Promise<readonly Comment[]>
  comment: (text: string, name: string) => Promise<Comment>
}

export class Shared {
  readonly store: StoreOf<SharedState, SharedChange>
  readonly files: Files
  private readonly stream: EventStream
  private isStopped = false

  constructor(
    private readonly way: Way,
    nextFrame: (run: () => void) => void = queueMicrotask,
  ) {
    this.files = way.files
    this.store = new StoreOf(NOTHING_SHARED, reduceShared, nextFrame)
    this.stream = new EventStream(way.place, {
      onOpen: (isContinued) => this.opened(isContinued),
      onEvents: (events) => this.heard(events),
      onLost: () => this.store.dispatch({ type: 'lost' }),
      onEnded: () => this.store.dispatch({ type: 'ended' }),
    })
  }

  async start(): Promise<void> {
    await this.stream.run()
  }

  stop(): void {
    this.isStopped = true
    this.stream.stop()
  }

  hurry(): void {
    this.stream.hurry()
  }

  rest(): void {
    void this.stream.yield()
  }

  async comment(text: string, name: string): Promise<void> {
    this.store.dispatch({ type: 'commented', comment: await this.way.comment(text, name) })
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
      const said = await this.way.read()
      const comments = said.thread.permission === 'comment' ? await this.way.comments() : []
      this.store.dispatch({ type: 'read', ...said, comments })
    } catch (error) {
      if (isProblem(error) && error.status === 404) {
        this.stream.stop()
        this.store.dispatch({ type: 'ended' })
        return
      }
      this.store.dispatch({ type: 'lost' })
      if (!this.isStopped) setTimeout(() => void this.read(), AGAIN_AFTER_MS)
    }
  }
}

/** By a link: the token in its address is the only credential. */
export class Link implements Way {
  readonly place: StreamPlace
  readonly files: Files
  /** Who has logged in here is nobody's business. */
  private readonly client = new Client('', 'omit')

  constructor(private readonly token: string) {
    this.place = sharedPlace(token)
    this.files = new Files(this.client, `/api/v1/shared/${encodeURIComponent(token)}/attachments`)
  }

  /** The link of an address such as `/s/…`, or null where nothing is shared. */
  static of(path: string): Link | null {
    const token = /^\/s\/([^/]+)$/.exec(path)?.[1]
    return token === undefined ? null : new Link(token)
  }

  async read(): Promise<Said> {
    const { api } = this.client
    const path = { token: this.token }
    const { first, items, offset } = await wholeTranscript(
      (query) => this.client.askWhole(api.GET('/api/v1/shared/{token}', { params: { path, query } })),
      (page) => itemsOf(page.messages),
    )
    return { thread: first, items, offset }
  }

  async comments(): Promise<readonly Comment[]> {
    const { api } = this.client
    const path = { token: this.token }
    return await everything((query) => this.client.askWhole(api.GET('/api/v1/shared/{token}/comments', { params: { path, query } })))
  }

  async comment(text: string, name: string): Promise<Comment> {
    const params = { path: { token: this.token }, header: { 'Idempotency-Key': newKey() } }
    const body = { text, ...(name === '' ? {} : { name }) }
    return await this.client.ask(this.client.api.POST('/api/v1/shared/{token}/comments', { params, body }))
  }
}

/** By name: with the user who has logged in, by the routes that the thread's owner uses. */
export class Received implements Way {
  readonly place: StreamPlace
  private readonly path: { thread_id: string }

  constructor(
    private readonly client: Client,
    private readonly share: ReceivedShare,
    readonly files: Files,
  ) {
    this.path = { thread_id: share.thread_id }
    this.place = threadPlace(share.thread_id)
  }

  async read(): Promise<Said> {
    const { api } = this.client
    const { path } = this
    const { permission, tool_output, expires_at } = this.share
    const thread = await this.client.ask(api.GET('/api/v1/threads/{thread_id}', { params: { path } }))
    const { items, offset } = await wholeTranscript(
      (query) => this.client.askWhole(api.GET('/api/v1/threads/{thread_id}/messages', { params: { path, query } })),
      itemsOf,
    )
    return { thread: { ...thread, permission, tool_output, expires_at }, items, offset }
  }

  async comments(): Promise<readonly Comment[]> {
    const { api } = this.client
    const { path } = this
    return await everything((query) => this.client.askWhole(api.GET('/api/v1/threads/{thread_id}/comments', { params: { path, query } })))
  }

  async comment(text: string): Promise<Comment> {
    const params = { path: this.path, header: { 'Idempotency-Key': newKey() } }
    return await this.client.ask(this.client.api.POST('/api/v1/threads/{thread_id}/comments', { params, body: { text } }))
  }
}

/** All of a transcript; the offset is its first page's. */
async function wholeTranscript<T>(
  ask: (query: PageQuery) => Promise<{ data: T; headers: Headers }>,
  itemsIn: (page: T) => Item[],
): Promise<{ first: T; items: Item[]; offset: number }> {
  const { first, rest, headers } = await everyPage(ask)
  return { first, items: [first, ...rest].flatMap(itemsIn), offset: Number(headers.get('Laneway-Offset')) }
}

// The schema leaves the fields of a part open; `Part` names those that the API documents.
function itemsOf(messages: readonly unknown[]): Item[] {
  return [...messages] as Item[]
}
