/** Times: when something happened, as short as a list can take it. */

const DAY_MS = 86_400_000
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const utcDay = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', timeZone: 'UTC' })
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

export function shortTime(at: string): string {
  const then = new Date(at)
  const isToday = then.toDateString() === new Date().toDateString()
  return isToday ? clock.format(then) : Date.now() - then.getTime() < 365 * DAY_MS ? day.format(then) : String(then.getFullYear())
}

/** A date such as `2026-11-21`, which is a day of UTC. */
export function dayOf(date: string): string {
  return utcDay.format(new Date(date))
}

export function wholeTime(at: string): string {
  return whole.format(new Date(at))
}

const SPANS = [
  [86_400, 'day'],
  [3_600, 'hour'],
  [60, 'minute'],
  [1, 'second'],
] as const

/** A number of seconds in the largest unit that it is a whole number of: `hour`, `90 minutes`. */
export function spanOf(seconds: number): string {
  const [size, name] = SPANS.find(([each]) => seconds % each === 0) ?? [1, 'second']
  return seconds === size ? name : `${seconds / size} ${name}s`
}
