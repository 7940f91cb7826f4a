/** Client: the API as typed calls. What fails is a `Problem`; what a page must add to each write is added here. */
import createClient from 'openapi-fetch'
import { Problem, problemOf } from './problem'
import type { LoggedIn } from './resources'
import type { paths } from './schema'

type Answered<T> = Promise<{ data?: T; error?: unknown; response: Response }>

export class Client {
  /** Called when the server no longer knows the login. */
  onSignedOut: () => void = () => undefined
  private csrf = ''

  readonly api

  /** Without a base the server is the one that the page came from. */
  constructor(
    private readonly base = '',
    private readonly credentials: RequestCredentials = 'same-origin',
  ) {
    this.api = createClient<paths>({ baseUrl: base, fetch: (request) => this.send(request) })
  }

  /** The data of an answer; raises `Problem` for anything but success. */
  async ask<T>(answered: Answered<T>): Promise<T> {
    return (await this.askWhole(answered)).data
  }

  /** The same with the answer's headers. */
  async askWhole<T>(answered: Answered<T>): Promise<{ data: T; headers: Headers }> {
    const { data, response } = await answered
    return { data: data as T, headers: response.headers }
  }

  /** Who is logged in. Also learns the token that writes carry. */
  async me(): Promise<LoggedIn> {
    const me = await this.ask(this.api.GET('/api/v1/me'))
    this.csrf = me.csrf_token ?? ''
    return me
  }

  async logIn(key: string): Promise<LoggedIn> {
    const me = await this.ask(this.api.POST('/api/v1/login', { body: { key } }))
    this.csrf = me.csrf_token ?? ''
    return me
  }

  /** Upload a file, without a session to the default one, which it makes; the generated types know no multipart. */
  async upload(file: File, sessionId: string | null): Promise<{ id: string; name: string; media_type: string; size: number }> {
    const body = new FormData()
    if (sessionId !== null) body.set('session_id', sessionId)
    body.set('file', file)
    const response = await this.send(new Request(`${this.base}/api/v1/attachments`, { method: 'POST', body }))
    return (await response.json()) as { id: string; name: string; media_type: string; size: number }
  }

  /** What a file is called, with no more of it than its first byte. */
  async fileName(address: string): Promise<string | null> {
    const request = new Request(`${this.base}${address}`, { headers: { Range: 'bytes=0-0' } })
    const told = (await this.send(request)).headers.get('Content-Disposition') ?? ''
    const name = /filename\*=UTF-8''([^;]+)/.exec(told)?.[1]
    return name === undefined ? null : decodeURIComponent(name)
  }

  private async send(request: Request): Promise<Response> {
    const again = request.clone()
    const response = await this.once(request)
    if (response.ok) return response
    const problem = await problemOf(response)
    if (problem.code === 'csrf_refused') {
      // Another tab has logged in anew: its login is ours, and has another token.
      await this.me()
      const repeated = await this.once(again)
      if (repeated.ok) return repeated
      throw await problemOf(repeated)
    }
    if (problem.status === 401) this.onSignedOut()
    throw problem
  }

  private async once(request: Request): Promise<Response> {
    if (request.method !== 'GET') request.headers.set('X-CSRF-Token', this.csrf)
    try {
      return await fetch(request, { credentials: this.credentials })
    } catch {
      throw new Problem(0, 'unreachable', 'The server does not answer.')
    }
  }
}
