/** Page: the state, the server, and all that a person can do, put together once. */
import { Client } from '../protocol/client'
import type { LogEvent, StreamReset } from '../protocol/event'
import { isProblem } from '../protocol/problem'
import type { ReceivedShare } from '../protocol/resources'
import { ALL, EventStream } from '../protocol/stream'
import type { Change } from '../state/change'
import { forgetTranscripts } from '../state/reduce'
import { Store } from '../state/store'
import { Drafts } from './drafts'
import { Files } from './files'
import { Forgetful } from './kept'
import { Lists } from './lists'
import { Notices } from './notices'
import { Queues } from './queues'
import { Sending } from './sending'
import { Sessions } from './sessions'
import { Received, Shared } from './shared'
import { Threads } from './threads'
import { Watching } from './watching'

export interface Surroundings {
  /** What lasts beyond the tab, and what only beyond a reload. */
  lasting: Storage
  ofTab: Storage
  nextFrame: (run: () => void) => void
}

export const NO_SURROUNDINGS = (): Surroundings => ({ lasting: new Forgetful(), ofTab: new Forgetful(), nextFrame: queueMicrotask })

export class Page {
  readonly client = new Client()
  readonly store: Store
  readonly notices = new Notices()
  readonly drafts: Drafts
  readonly lists: Lists
  readonly watching: Watching
  readonly sending: Sending
  readonly threads: Threads
  readonly queues: Queues
  readonly sessions: Sessions
  readonly files = new Files(this.client, '/api/v1/attachments')
  /** Called with each batch of events, for views that read something anew when it changes. */
  readonly eventListeners = new Set<(events: readonly LogEvent[]) => void>()
  private stream: EventStream | null = null
  /** What of others is read at the moment, each with a stream of its own. */
  private readonly readAlong = new Set<Shared>()

  constructor(private readonly surroundings: Surroundings = NO_SURROUNDINGS()) {
    this.store = new Store(surroundings.nextFrame)
    this.drafts = new Drafts(surroundings.lasting)
    this.lists = new Lists(this.store, this.client)
    this.watching = new Watching(this.store, this.client, this.lists)
    this.sending = new Sending(this.store, this.client, surroundings.ofTab)
    this.threads = new Threads(this.store, this.client, this.notices)
    this.queues = new Queues(this.client, this.notices)
    this.sessions = new Sessions(this.store, this.client, this.notices)
    this.client.onSignedOut = () => this.signedOut()
  }

  /** Find out who is there, and begin. */
  async start(): Promise<void> {
    // Before the rest: whose the thread in the address is decides how it is shown.
    this.refreshShared()
    for (;;) {
      try {
        const me = await this.client.me()
        this.store.dispatch({ type: 'signed-in', me })
        this.listen()
        return
      } catch (error) {
        if (isProblem(error) && !error.isPassing) { this.signedOut(); return; }
        this.store.dispatch({ type: 'connection', connection: 'lost' })
        await new Promise((resolve) => setTimeout(resolve, 1_000))
      }
    }
  }

  async logIn(key: string): Promise<void> {
    const me = await this.client.logIn(key)
    this.store.dispatch({ type: 'signed-in', me })
    this.listen()
  }

  async logOut(): Promise<void> {
    await this.client.ask(this.client.api.POST('/api/v1/logout'))
    this.drafts.clear()
    this.sending.clear()
    this.signedOut()
  }

  /** The network is back, says the browser. */
  hurry(): void {
    this.stream?.hurry()
    this.sending.hurry()
    for (const shared of this.readAlong) shared.hurry()
    // That the time of a share is over is told by nobody.
    if (Object.keys(this.store.get().shared ?? {}).length > 0) this.refreshShared()
  }

  /** What others share may have changed. */
  refreshShared(): void {
    this.lists.readShared().catch(() => undefined)
  }

  /** A thread that somebody shares with the user. */
  sharedThread(share: ReceivedShare): Shared {
    return new Shared(new Received(this.client, share, this.files), this.surroundings.nextFrame)
  }

  /** Keep it read until the returned function is called. */
  follow(shared: Shared): () => void {
    this.readAlong.add(shared)
    void shared.start()
    return () => {
      this.readAlong.delete(shared)
      shared.stop()
    }
  }

  /** Nobody looks at this tab. */
  rest(): void {
    void this.stream?.yield()
    for (const shared of this.readAlong) shared.rest()
  }

  private signedOut(): void {
    this.stream?.stop()
    this.stream = null
    this.store.dispatch({ type: 'signed-out' })
  }

  private listen(): void {
    this.stream?.stop()
    this.stream = new EventStream(ALL, {
      onOpen: (isContinued) => this.opened(isContinued),
      onEvents: (events) => this.heard(events),
      onLost: () => this.store.dispatch({ type: 'connection', connection: 'lost' }),
      onEnded: () => this.signedOut(),
    })
    void this.stream.run()
  }

  // The stream is open before anything is read, so that nothing can happen between the reading and the events.
  private opened(isContinued: boolean): void {
    this.store.dispatch({ type: 'connection', connection: 'live' })
    this.sending.hurry()
    if (!isContinued || this.store.get().lists !== 'ready') void this.readAll()
    else this.watching.retryAll()
  }

  async readAll(): Promise<void> {
    try {
      await this.lists.read()
      this.store.replace(forgetTranscripts(this.store.get()))
      this.sending.takeUp()
    } catch (error) {
      // That nobody answers is told by the connection, and all is read again when it is back.
      if (this.store.get().lists === 'ready' && !(isProblem(error) && error.isPassing)) this.notices.fail(error)
    }
  }

  private heard(events: readonly (LogEvent | StreamReset)[]): void {
    const facts = events.filter((event): event is LogEvent => event.type !== 'stream.reset')
    this.store.dispatch(...facts.map((event): Change => ({ type: 'event', event })))
    if (facts.length < events.length) void this.readAll()
    if (facts.some(({ type }) => type === 'share.created' || type === 'share.ended')) this.refreshShared()
    const { unknown } = this.store.get()
    if (unknown.length > 0) void this.lists.meet(unknown)
    for (const listener of this.eventListeners) listener(facts)
  }
}
