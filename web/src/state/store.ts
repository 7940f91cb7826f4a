/** Store: holds the state, and tells whoever looks at it. Many events in one frame of the screen are told once. */
import type { Change as PageChange } from './change'
import { reduce as reducePage } from './reduce'
import { START, type State as PageState } from './state'

export class StoreOf<State, Change> {
  private readonly listeners = new Set<() => void>()
  private isTelling = false

  constructor(
    private state: State,
    private readonly reduce: (state: State, change: Change) => State,
    private readonly nextFrame: (tell: () => void) => void,
  ) {}

  readonly get = (): State => this.state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly dispatch = (...changes: readonly Change[]): void => {
    this.replace(changes.reduce(this.reduce, this.state))
  }

  /** Take a state that was made in another way than by one change. */
  replace(next: State): void {
    if (next === this.state) return
    this.state = next
    if (this.isTelling) return
    this.isTelling = true
    this.nextFrame(() => {
      this.isTelling = false
      for (const listener of this.listeners) listener()
    })
  }
}

/** The state of the page of somebody who has logged in. */
export class Store extends StoreOf<PageState, PageChange> {
  constructor(nextFrame: (tell: () => void) => void = queueMicrotask) {
    super(START, reducePage, nextFrame)
  }
}
