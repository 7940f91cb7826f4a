/** Store: holds the state, and tells whoever looks at it. Many events in one frame of the screen are told once. */
import type { Change } from './change'
import { reduce } from './reduce'
import { START, type State } from './state'

export class Store {
  private state: State = START
  private readonly listeners = new Set<() => void>()
  private isTelling = false

  constructor(private readonly nextFrame: (tell: () => void) => void = queueMicrotask) {}

  readonly get = (): State => this.state

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  readonly dispatch = (...changes: readonly Change[]): void => {
    this.replace(changes.reduce(reduce, this.state))
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
