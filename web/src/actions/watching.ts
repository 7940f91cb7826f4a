/** Watching: keeps what is looked at read: a thread's transcript, its queue with the plan of the next batch, its turn. */
import type { Client } from '../protocol/client'
import { isProblem } from '../protocol/problem'
import type { Item } from '../protocol/resources'
import type { ThreadState } from '../state/state'
import type { Store } from '../state/store'
import type { Lists } from './lists'

const PAGE = 100
/** Before the end of every transcript: `before` alone asks for the newest. */
const THE_END = '999999999999'

export class Watching {
  private readonly watched = new Map<string, number>()
  private readonly asked = new Set<string>()
  private readonly failed = new Set<string>()

  constructor(
    private readonly store: Store,
    private readonly client: Client,
    private readonly lists: Lists,
  ) {
    store.subscribe(() => this.look())
  }

  /** Keep a thread read until the returned function is called. Nothing that runs depends on it. */
  watch(threadId: string): () => void {
    this.watched.set(threadId, (this.watched.get(threadId) ?? 0) + 1)
    if (this.store.get().threads[threadId]?.settings == null) this.once(`thread ${threadId}`, () => this.lists.readThread(threadId))
    this.look()
    return () => {
      const left = (this.watched.get(threadId) ?? 1) - 1
      if (left === 0) this.watched.delete(threadId)
      else this.watched.set(threadId, left)
    }
  }

  /** Try again what could not be read. */
  retry(threadId: string): void {
    this.failed.clear()
    this.store.dispatch({ type: 'transcript-stale', threadId })
    this.look()
  }

  /** The server answers again: whatever could not be read may be now. */
  retryAll(): void {
    for (const id of this.watched.keys()) if (this.store.get().threads[id]?.transcript.loading === 'failed') this.retry(id)
  }

  async readOlder(threadId: string): Promise<void> {
    const transcript = this.store.get().threads[threadId]?.transcript
    const first = transcript?.items[0]
    if (transcript === undefined || first === undefined || !transcript.hasOlder || transcript.isLoadingOlder) return
    this.store.dispatch({ type: 'older-loading', threadId })
    try {
      const { items } = await this.messages(threadId, String(first.seq))
      this.store.dispatch({ type: 'older-read', threadId, items, hasOlder: items.length === PAGE })
    } catch {
      this.store.dispatch({ type: 'older-failed', threadId })
    }
  }

  private look(): void {
    for (const id of this.watched.keys()) {
      const thread = this.store.get().threads[id]
      if (thread !== undefined) this.keepRead(thread)
    }
  }

  private keepRead(thread: ThreadState): void {
    const { id, transcript, queue, isPlanStale, turn } = thread
    if (transcript.loading === 'absent') this.once(`transcript ${id}`, () => this.readTranscript(id))
    if (queue === null || isPlanStale) this.once(`queue ${id}`, () => this.readQueue(id))
    if (thread.votes === null) this.once(`votes ${id}`, () => this.readVotes(id))
    const told = newestTurnOf(thread)
    if (told !== null && turn?.id !== told) this.once(`turn ${told}`, () => this.readTurn(id, told))
  }

  /** Run something unless it already runs; what the server refused is not asked for again by itself. */
  private once(name: string, run: () => Promise<void>): void {
    if (this.asked.has(name) || this.failed.has(name)) return
    this.asked.add(name)
    run()
      .catch((error: unknown) => {
        if (isProblem(error) && !error.isPassing) this.failed.add(name)
      })
      .finally(() => {
        this.asked.delete(name)
        // Something may have changed while it was read.
        this.look()
      })
  }

  private async readTranscript(threadId: string): Promise<void> {
    this.store.dispatch({ type: 'transcript-loading', threadId })
    try {
      const { items, offset } = await this.messages(threadId, THE_END)
      this.store.dispatch({ type: 'transcript-read', threadId, items, hasOlder: items.length === PAGE, offset })
    } catch (error) {
      this.store.dispatch({ type: 'transcript-failed', threadId })
      throw error
    }
  }

  private async messages(threadId: string, before: string): Promise<{ items: Item[]; offset: number }> {
    const { data, headers } = await this.client.askWhole(
      this.client.api.GET('/api/v1/threads/{thread_id}/messages', {
        params: { path: { thread_id: threadId }, query: { before, limit: PAGE } },
      }),
    )
    // The schema leaves the fields of a part open; `Part` names those that the API documents.
    return { items: data as unknown as Item[], offset: Number(headers.get('Laneway-Offset')) }
  }

  private async readQueue(threadId: string): Promise<void> {
    const { data, headers } = await this.client.askWhole(
      this.client.api.GET('/api/v1/threads/{thread_id}/queue', { params: { path: { thread_id: threadId } } }),
    )
    this.store.dispatch({ type: 'queue-read', threadId, queue: data, offset: Number(headers.get('Laneway-Offset')) })
  }

  private async readVotes(threadId: string): Promise<void> {
    const votes = await this.client.ask(
      this.client.api.GET('/api/v1/threads/{thread_id}/votes', { params: { path: { thread_id: threadId }, query: { limit: PAGE } } }),
    )
    this.store.dispatch({ type: 'votes-read', threadId, votes: Object.fromEntries(votes.map((vote) => [vote.item_id, vote.value])) })
  }

  private async readTurn(threadId: string, turnId: string): Promise<void> {
    const turn = await this.client.ask(this.client.api.GET('/api/v1/turns/{turn_id}', { params: { path: { turn_id: turnId } } }))
    const reason = turn.error?.message ?? this.store.get().threads[threadId]?.summary.status_reason ?? null
    this.store.dispatch({ type: 'turn-read', threadId, turn, reason })
  }
}

/** The turn that has something to tell: the one that runs, or the last one when it failed. */
function newestTurnOf({ summary, transcript, turn }: ThreadState): string | null {
  if (summary.active_turn_id !== null) return summary.active_turn_id
  const hasFailed = summary.status_reason !== null && turn === null
  return hasFailed ? (transcript.items.at(-1)?.turn_id ?? null) : null
}
