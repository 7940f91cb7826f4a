/** Problem: why a request came to nothing: the server's own document, or that nobody answered. */

export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly detail: string,
    readonly hint: string = '',
    readonly retryAfterS: number | null = null,
  ) {
    super(detail)
    this.name = 'Problem'
  }

  /** Whether the same request may work a little later: nobody answered, or the server asked to wait. */
  get isPassing(): boolean {
    return this.status === 0 || this.status === 429 || this.status >= 500
  }
}

export function isProblem(error: unknown): error is Problem {
  return error instanceof Problem
}

export async function problemOf(response: Response): Promise<Problem> {
  const told = (await response.json().catch(() => ({}))) as Partial<Record<'code' | 'detail' | 'title' | 'hint', string>>
  const wait = Number(response.headers.get('Retry-After'))
  return new Problem(
    response.status,
    told.code ?? 'unknown',
    told.detail ?? told.title ?? response.statusText,
    told.hint ?? '',
    Number.isFinite(wait) && wait > 0 ? wait : null,
  )
}
