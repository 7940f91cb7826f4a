/** Stream: follows one of the server's streams, and takes it up again where it broke off. */
import { readEvent, type LogEvent, type StreamReset } from './event'
import { FrameReader } from './frames'
import { problemOf } from './problem'
import { countIn, countTabs, MANY } from './tabs'

export interface StreamListener {
  /** The stream is open. After a break, `isContinued` says that nothing was missed. */
  onOpen: (isContinued: boolean) => void
  onEvents: (events: readonly (LogEvent | StreamReset)[]) => void
  onLost: () => void
  /** Whoever listened may not any more: the login has ended, or what was shared is not shared now. */
  onEnded: () => void
}

/** Which of the streams, and how it is asked for. */
export interface StreamPlace {
  url: string
  credentials: RequestCredentials
  /** What the ids look like from which it can be taken up again. */
  cursor: RegExp
}

/** All that the user has. A `stream.reset` in it carries a session's offset for an id, which is no cursor here. */
export const ALL: StreamPlace = { url: '/api/v1/events', credentials: 'same-origin', cursor: /^\d+\.\d+$/ }

export function sharedPlace(token: string): StreamPlace {
  return { url: `/api/v1/shared/${encodeURIComponent(token)}/events`, credentials: 'omit', cursor: /^\d+$/ }
}

/** One thread that somebody shares with the user. */
export function threadPlace(threadId: string): StreamPlace {
  return { url: `/api/v1/threads/${threadId}/events`, credentials: 'same-origin', cursor: /^\d+$/ }
}

const FIRST_WAIT_MS = 250
const LONGEST_WAIT_MS = 5_000
/** The server says something every 15 s; a connection that is silent for this long is dead. */
const SILENCE_MS = 40_000
const FOR_EVER_MS = 2 ** 31 - 1

export class EventStream {
  private cursor: string | null = null
  private abort = new AbortController()
  private isStopped = false
  private isResting = false

  constructor(
    private readonly place: StreamPlace,
    private readonly listener: StreamListener,
  ) {}

  async run(): Promise<void> {
    let wait = FIRST_WAIT_MS
    while (!this.isStopped) {
      if (this.isResting) await this.pause(FOR_EVER_MS)
      const wasOpen = await this.follow()
      if (this.isGone()) return
      if (this.isResting) continue
      this.listener.onLost()
      wait = wasOpen ? FIRST_WAIT_MS : Math.min(wait * 2, LONGEST_WAIT_MS)
      await this.pause(wait)
    }
  }

  stop(): void {
    this.isStopped = true
    this.abort.abort()
  }

  /** Try again now: the browser says that the network is back, or that somebody looks again. */
  hurry(): void {
    this.isResting = false
    this.wake()
  }

  /** Nobody looks: give the connection to a tab that needs one, if there are many. What is missed is read later. */
  async yield(): Promise<void> {
    if (this.isResting || (await countTabs()) < MANY) return
    this.isResting = true
    this.abort.abort()
  }

  private wake: () => void = () => undefined

  // A method, so that the compiler does not believe that nothing changed while the stream was read.
  private isGone(): boolean {
    return this.isStopped
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, ms)
      this.wake = () => {
        clearTimeout(timer)
        resolve()
      }
    })
  }

  /** Read until the stream ends in whatever way; true when it had been open. */
  private async follow(): Promise<boolean> {
    this.abort = new AbortController()
    const { signal } = this.abort
    let isOpen = false
    try {
      const headers: HeadersInit = this.cursor === null ? {} : { 'Last-Event-ID': this.cursor }
      const { url, credentials } = this.place
      const response = await fetch(url, { headers, signal, credentials, cache: 'no-store' })
      if (!response.ok || response.body === null) return await this.refused(response)
      isOpen = true
      this.listener.onOpen(this.cursor !== null)
      const countOut = countIn()
      await this.read(response.body).finally(countOut)
    } catch {
      // Whatever broke it, the answer is the same: go on from the cursor.
    }
    return isOpen
  }

  private async refused(response: Response): Promise<boolean> {
    const problem = await problemOf(response)
    if (problem.status === 401 || problem.status === 404) {
      this.stop()
      this.listener.onEnded()
    }
    // The cursor is too old, or of a database that is gone: begin at now, and read everything anew.
    if (problem.status === 410 || problem.status === 400) this.cursor = null
    return false
  }

  private async read(body: ReadableStream<Uint8Array>): Promise<void> {
    const frames = new FrameReader()
    const decoder = new TextDecoder()
    const reader = body.getReader()
    let watchdog = this.watch()
    try {
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(watchdog)
        watchdog = this.watch()
        const whole = frames.push(decoder.decode(value, { stream: true }))
        if (whole.length === 0) continue
        const events = whole.map((frame) => readEvent(frame.data)).filter((event) => event !== null)
        this.listener.onEvents(events)
        this.cursor = whole.findLast((frame) => this.place.cursor.test(frame.id))?.id ?? this.cursor
      }
    } finally {
      clearTimeout(watchdog)
    }
  }

  private watch(): ReturnType<typeof setTimeout> {
    return setTimeout(() => this.abort.abort(), SILENCE_MS)
  }
}
