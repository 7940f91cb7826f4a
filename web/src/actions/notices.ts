/** Notices: short messages about what just happened, shown for some seconds. */
import { isProblem } from '../protocol/problem'

export interface Notice {
  readonly id: number
  readonly text: string
  readonly tone: 'plain' | 'problem'
  readonly action: { label: string; run: () => void } | null
}

export class Notices {
  private shown: readonly Notice[] = []
  private readonly listeners = new Set<() => void>()
  private nextId = 1

  readonly get = (): readonly Notice[] => this.shown

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener)
    return () => this.listeners.delete(listener)
  }

  tell(text: string, action: Notice['action'] = null, forMs = 5_000): number {
    return this.add({ text, tone: 'plain', action }, forMs)
  }

  /** Say why something did not work. */
  fail(error: unknown): void {
    const text = isProblem(error) ? [error.detail, error.hint].filter(Boolean).join(' ') : String(error)
    this.add({ text, tone: 'problem', action: null }, 8_000)
  }

  dismiss(id: number): void {
    this.show(this.shown.filter((notice) => notice.id !== id))
  }

  private add(notice: Omit<Notice, 'id'>, forMs: number): number {
    const id = this.nextId++
    this.show([...this.shown.slice(-3), { ...notice, id }])
    setTimeout(() => this.dismiss(id), forMs)
    return id
  }

  private show(notices: readonly Notice[]): void {
    this.shown = notices
    for (const listener of this.listeners) listener()
  }
}
