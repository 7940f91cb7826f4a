/** Ids: the server makes them; the page only tells whether something is one. */

export function isThreadId(value: unknown): value is string {
  return typeof value === 'string' && /^thr_[0-9a-f]{32}$/.test(value)
}

/** A key that makes a repeated write the same write. */
export function newKey(): string {
  return crypto.randomUUID()
}
