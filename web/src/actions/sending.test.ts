import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { summary, threadId } from '../testing/facts'
import { Client } from '../protocol/client'
import { Store } from '../state/store'
import { Forgetful } from './kept'
import { Sending } from './sending'

const A = threadId('a')
const B = threadId('b')

interface Asked {
  path: string
  key: string | null
  body: { message?: string }
}

/** A server that answers as it is told, and remembers what it was asked. */
class FakeServer {
  readonly asked: Asked[] = []
  answer: (asked: Asked) => Response | Error = () => Response.json({ item_id: 'que_1' }, { status: 202 })

  readonly fetch = async (request: Request): Promise<Response> => {
    const asked = { path: new URL(request.url).pathname, key: request.headers.get('Idempotency-Key'), body: (await request.json()) as Asked['body'] }
    this.asked.push(asked)
    const answer = this.answer(asked)
    if (answer instanceof Error) throw answer
    return answer
  }
}

const away = (): Error => new TypeError('failed to fetch')
const refusal = (): Response => Response.json({ code: 'queue_full', detail: 'It is full.' }, { status: 422 })

let server: FakeServer
let store: Store
let storage: Storage

function sending(): Sending {
  return new Sending(store, new Client('http://server.test'), storage)
}

beforeEach(() => {
  vi.useFakeTimers()
  server = new FakeServer()
  vi.stubGlobal('fetch', server.fetch)
  storage = new Forgetful()
  store = new Store()
  store.dispatch({ type: 'threads-read', threads: [summary(A), summary(B)], asked: {} })
})

afterEach(() => {
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('a message', () => {
  test('is outgoing until the server has answered, and then no more', async () => {
    sending().send(A, { text: 'hello' })
    expect(store.get().threads[A]?.outgoing).toMatchObject([{ text: 'hello', state: 'sending' }])

    await vi.advanceTimersByTimeAsync(0)

    expect(store.get().threads[A]?.outgoing).toEqual([])
    expect(server.asked.map((each) => each.body.message)).toEqual(['hello'])
  })

  test('is repeated with its key while nobody answers, and says so', async () => {
    server.answer = away
    sending().send(A, { text: 'hello' })
    await vi.advanceTimersByTimeAsync(400)
    expect(store.get().threads[A]?.outgoing).toMatchObject([{ state: 'waiting', tries: 1 }])

    server.answer = () => Response.json({}, { status: 202 })
    await vi.advanceTimersByTimeAsync(5_000)

    expect(store.get().threads[A]?.outgoing).toEqual([])
    expect(new Set(server.asked.map((each) => each.key)).size).toBe(1)
    expect(server.asked.length).toBeGreaterThan(1)
  })

  test('that is refused stays, says why, and is not repeated by itself', async () => {
    server.answer = refusal
    sending().send(A, { text: 'hello' })

    await vi.advanceTimersByTimeAsync(60_000)

    expect(store.get().threads[A]?.outgoing).toMatchObject([{ state: 'refused', problem: 'It is full.' }])
    expect(server.asked).toHaveLength(1)
  })

  test('waits for the one before it, so that order is kept; other threads do not wait', async () => {
    server.answer = ({ path }) => (path.includes(A) ? away() : Response.json({}, { status: 202 }))
    const outbox = sending()
    outbox.send(A, { text: 'one' })
    outbox.send(A, { text: 'two' })
    outbox.send(B, { text: 'other' })
    await vi.advanceTimersByTimeAsync(100)
    expect(store.get().threads[B]?.outgoing).toEqual([])
    expect(server.asked.filter((each) => each.path.includes(A)).map((each) => each.body.message)).toEqual(['one'])

    server.answer = () => Response.json({}, { status: 202 })
    await vi.advanceTimersByTimeAsync(5_000)

    expect(server.asked.map((each) => each.body.message).slice(-2)).toEqual(['one', 'two'])
  })

  test('that a reload found unsent is sent by the next page with the same key', async () => {
    server.answer = away
    sending().send(A, { text: 'hello' })
    await vi.advanceTimersByTimeAsync(10)
    const first = server.asked[0]?.key

    store = new Store()
    store.dispatch({ type: 'threads-read', threads: [summary(A)], asked: {} })
    server.answer = () => Response.json({}, { status: 202 })
    server.asked.length = 0
    sending().takeUp()
    await vi.advanceTimersByTimeAsync(5_000)

    expect(server.asked[0]).toMatchObject({ key: first, body: { message: 'hello' } })
    expect(storage.length).toBe(0)
  })

  test('outlives a login that ends, and is sent after the next one', async () => {
    server.answer = () => Response.json({ code: 'unauthorized', detail: 'Log in.' }, { status: 401 })
    sending().send(A, { text: 'hello' })
    store.dispatch({ type: 'signed-out' })
    await vi.advanceTimersByTimeAsync(60_000)

    store.dispatch({ type: 'threads-read', threads: [summary(A)], asked: {} })
    server.answer = () => Response.json({}, { status: 202 })
    server.asked.length = 0
    sending().takeUp()
    await vi.advanceTimersByTimeAsync(0)

    expect(server.asked.map((each) => each.body.message)).toEqual(['hello'])
  })

  test('is sent at once when the server is back, without waiting out the pause', async () => {
    server.answer = away
    const outbox = sending()
    outbox.send(A, { text: 'hello' })
    await vi.advanceTimersByTimeAsync(4_000)

    server.answer = () => Response.json({}, { status: 202 })
    outbox.hurry()
    await vi.advanceTimersByTimeAsync(0)

    expect(store.get().threads[A]?.outgoing).toEqual([])
  })
})

describe('a first message', () => {
  test('makes one thread, however often the answer gets lost', async () => {
    server.answer = away
    const made = sending().begin({ text: 'hello' }, { sessionId: null, agentId: 'script' })
    await vi.advanceTimersByTimeAsync(3_000)
    expect(store.get().beginnings).toMatchObject([{ text: 'hello', state: 'waiting' }])

    server.answer = () => Response.json({ ...summary(threadId('c')), settings: {}, usage: {} }, { status: 201 })
    await vi.advanceTimersByTimeAsync(10_000)

    expect(await made).toBe(threadId('c'))
    expect(store.get().beginnings).toEqual([])
    expect(new Set(server.asked.map((each) => each.key)).size).toBe(1)
  })
})
