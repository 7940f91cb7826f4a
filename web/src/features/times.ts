/** Times: when something happened, as short as a list can take it. */

const DAY_MS = 86_400_000
const clock = new Intl.DateTimeFormat('en-GB', { hour: '2-digit', minute: '2-digit' })
const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short' })
const whole = new Intl.DateTimeFormat('en-GB', { dateStyle: 'medium', timeStyle: 'short' })

export function shortTime(at: string): string {
  const then = new Date(at)
  const isToday = then.toDateString() === new Date().toDateString()
  return isToday ? clock.format(then) : Date.now() - then.getTime() < 365 * DAY_MS ? day.format(then) : String(then.getFullYear())
}

export function wholeTime(at: string): string {
  return whole.format(new Date(at))
}
