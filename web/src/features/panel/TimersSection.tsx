/** Timers: times at which an alert thread begins. */
import { useState, type SubmitEvent } from 'react'
import type { Client } from '../../protocol/client'
import type { EventType } from '../../protocol/event'
import { newKey } from '../../protocol/ids'
import type { NewTimer, Timer } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { ChoiceField, TextField } from '../../ui/Field'
import { Badge } from '../../ui/States'
import { usePage } from '../page'
import { spanOf, wholeTime } from '../times'
import { Listing } from '../Listing'
import { useReading, type Reading } from '../reading'

const words = texts.panel
const CHANGES: readonly EventType[] = ['timer.created', 'timer.updated', 'timer.deleted', 'alert.fired', 'alert.merged', 'alert.skipped', 'alert.dropped']
const EMPTY = { icon: 'clock', title: words.noTimers, text: words.noTimersText } as const
const KINDS = [
  { value: 'at', label: words.at },
  { value: 'every', label: words.every },
  { value: 'cron', label: words.cron },
]

async function readTimers(client: Client, sessionId: string): Promise<readonly Timer[]> {
  return await client.ask(client.api.GET('/api/v1/sessions/{session_id}/timers', { params: { path: { session_id: sessionId }, query: { limit: 100 } } }))
}

export function TimersSection({ sessionId }: { sessionId: string }) {
  const reading = useReading(sessionId, readTimers, CHANGES)
  return (
    <>
      <NewTimerForm sessionId={sessionId} onAdded={reading.again} />
      <Listing reading={reading} empty={EMPTY} keyOf={(timer) => timer.id}>
        {(timer) => <TimerRow timer={timer} reading={reading} />}
      </Listing>
    </>
  )
}

function NewTimerForm({ sessionId, onAdded }: { sessionId: string; onAdded: () => void }) {
  const { client, notices } = usePage()
  const [text, setText] = useState('')
  const [kind, setKind] = useState('at')
  const [when, setWhen] = useState('')
  const add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    try {
      const params = { path: { session_id: sessionId }, header: { 'Idempotency-Key': newKey() } }
      await client.ask(client.api.POST('/api/v1/sessions/{session_id}/timers', { params, body: newTimer(text, kind, when) }))
      setText('')
      setWhen('')
      onAdded()
    } catch (error) {
      notices.fail(error)
    }
  }
  return (
    <form onSubmit={(event) => void add(event)} className="mb-5">
      <TextField label={words.timerText} value={text} required onChange={(event) => setText(event.target.value)} />
      <ChoiceField
        label={words.when}
        choices={KINDS}
        value={kind}
        onChange={(event) => {
          setKind(event.target.value)
          setWhen('')
        }}
      />
      {kind === 'at' && <TextField label={words.time} type="datetime-local" step={1} value={when} required onChange={(event) => setWhen(event.target.value)} />}
      {kind === 'every' && <TextField label={words.seconds} type="number" min={1} value={when} required onChange={(event) => setWhen(event.target.value)} />}
      {kind === 'cron' && <TextField label={words.fields} placeholder="0 9 * * 1-5" value={when} required onChange={(event) => setWhen(event.target.value)} />}
      <div className="flex justify-end">
        <Button type="submit" icon="plus" disabled={text.trim() === '' || when.trim() === ''}>
          {words.add}
        </Button>
      </div>
    </form>
  )
}

/** What the server is asked for. Local times become UTC here; cron fields are meant in the zone of whoever writes them. */
function newTimer(text: string, kind: string, when: string): NewTimer {
  if (kind === 'every') return { text, every: Number(when) }
  if (kind === 'cron') return { text, cron: when.trim(), timezone: Intl.DateTimeFormat().resolvedOptions().timeZone }
  return { text, at: new Date(when).toISOString() }
}

function TimerRow({ timer, reading }: { timer: Timer; reading: Reading<unknown> }) {
  const { client, notices } = usePage()
  const params = { path: { session_id: timer.session_id, timer_id: timer.id } }
  const change = async (asked: Promise<unknown>): Promise<void> => {
    try {
      await asked
      reading.again()
    } catch (error) {
      notices.fail(error)
    }
  }
  const set = (state: 'active' | 'paused') => () =>
    void change(client.ask(client.api.PATCH('/api/v1/sessions/{session_id}/timers/{timer_id}', { params, body: { state } })))
  return (
    <>
      <div className="flex items-start gap-2">
        <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">{timer.text}</p>
        {timer.state !== 'active' && <Badge>{words.states[timer.state]}</Badge>}
      </div>
      <div className="mt-1 flex items-center gap-2 text-xs text-soft">
        <span>
          {rhythm(timer)}
          {timer.next_at !== null && timer.state === 'active' && ` · ${words.next(wholeTime(timer.next_at))}`}
        </span>
        <span className="ml-auto flex">
          {timer.state === 'active' && <IconButton icon="pause" label={words.pauseTimer} onClick={set('paused')} />}
          {timer.state === 'paused' && <IconButton icon="play" label={words.resumeTimer} onClick={set('active')} />}
          <IconButton icon="trash" label={words.deleteTimer} onClick={() => void change(client.ask(client.api.DELETE('/api/v1/sessions/{session_id}/timers/{timer_id}', { params })))} />
        </span>
      </div>
    </>
  )
}

function rhythm(timer: Timer): string {
  if (timer.every !== null) return words.everyTime(spanOf(timer.every))
  if (timer.cron !== null) return `${timer.cron} (${timer.timezone ?? 'UTC'})`
  return words.once
}
