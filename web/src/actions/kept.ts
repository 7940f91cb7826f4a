/** Kept: what the browser remembers for the page. A browser that refuses to remember makes the page forgetful, no more. */

export function keep(storage: Storage, name: string, value: unknown): void {
  try {
    if (value === null) storage.removeItem(`laneway.${name}`)
    else storage.setItem(`laneway.${name}`, JSON.stringify(value))
  } catch {
    // Full, or forbidden.
  }
}

export function kept(storage: Storage, name: string): unknown {
  try {
    const text = storage.getItem(`laneway.${name}`)
    return text === null ? null : JSON.parse(text)
  } catch {
    return null
  }
}

/** A storage for where there is none: tests, and browsers that forbid it. */
export class Forgetful implements Storage {
  private readonly values = new Map<string, string>()
  get length(): number {
    return this.values.size
  }
  clear(): void {
    this.values.clear()
  }
  getItem(name: string): string | null {
    return this.values.get(name) ?? null
  }
  key(index: number): string | null {
    return [...this.values.keys()][index] ?? null
  }
  removeItem(name: string): void {
    this.values.delete(name)
  }
  setItem(name: string, value: string): void {
    this.values.set(name, value)
  }
}
