/** Pages: reads a list to its end, for what is shown whole. */

const PAGE = 100

interface Answer<T> {
  data: T
  headers: Headers
}

/** Where a page begins, and how much is on it. */
export interface PageQuery {
  limit: number
  cursor?: string
}

/** All pages of a list, in order, with the headers of the first. */
export async function everyPage<T>(ask: (query: PageQuery) => Promise<Answer<T>>): Promise<{ first: T; rest: T[]; headers: Headers }> {
  const { data: first, headers } = await ask({ limit: PAGE })
  const rest: T[] = []
  for (let cursor = headers.get('X-Next-Cursor'); cursor !== null; ) {
    const next = await ask({ limit: PAGE, cursor })
    rest.push(next.data)
    cursor = next.headers.get('X-Next-Cursor')
  }
  return { first, rest, headers }
}

/** All that a list of resources has, page after page. */
export async function everything<T>(ask: (query: PageQuery) => Promise<Answer<T[]>>): Promise<T[]> {
  const { first, rest } = await everyPage(ask)
  return [first, ...rest].flat()
}
