import { expect, test } from 'vitest'
import { everyPage, everything, type PageQuery } from './pages'

/** A list that is told in three pages. */
function list(asked: PageQuery[]) {
  return (query: PageQuery) => {
    asked.push(query)
    const page = Number(query.cursor ?? 0)
    const headers = new Headers({ 'Laneway-Offset': String(7 + page), ...(page < 2 ? { 'X-Next-Cursor': String(page + 1) } : {}) })
    return Promise.resolve({ data: [page * 2, page * 2 + 1], headers })
  }
}

test('a list is read to its end, page after page', async () => {
  const asked: PageQuery[] = []

  expect(await everything(list(asked))).toEqual([0, 1, 2, 3, 4, 5])
  expect(asked).toEqual([{ limit: 100 }, { limit: 100, cursor: '1' }, { limit: 100, cursor: '2' }])
})

test('the headers are those of the first page: a stream goes on from there', async () => {
  const { first, rest, headers } = await everyPage(list([]))

  expect([first, ...rest]).toEqual([[0, 1], [2, 3], [4, 5]])
  expect(headers.get('Laneway-Offset')).toBe('7')
})
