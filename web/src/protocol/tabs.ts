/** Tabs: a browser lets all tabs of a server share six connections. Those that nobody looks at give theirs up in time. */

const NAME = 'laneway.stream'
/** With this many tabs listening, a tab that is not seen stops: the one that is opened next needs room to load. */
export const MANY = 4

/** Where the browser cannot count them (no locks without TLS, except on this machine), every tab listens. */
function locks(): LockManager | null {
  return 'locks' in navigator ? (navigator as Partial<Navigator>).locks ?? null : null
}

/** Say that this tab listens, until the returned function is called. */
export function countIn(): () => void {
  let release: () => void = () => undefined
  const held = new Promise<void>((resolve) => (release = resolve))
  void locks()?.request(NAME, { mode: 'shared' }, () => held)
  return release
}

/** How many tabs of this server listen. */
export async function countTabs(): Promise<number> {
  const all = await locks()?.query()
  return all?.held?.filter((lock) => lock.name === NAME).length ?? 1
}
