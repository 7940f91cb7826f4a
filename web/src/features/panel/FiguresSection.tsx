/** Figures: what the turns of a session were, day by day and agent by agent. */
import { useState } from 'react'
import type { Client } from '../../protocol/client'
import type { EventType } from '../../protocol/event'
import type { Analytics, AnalyticsRow } from '../../protocol/resources'
import { texts } from '../../texts'
import { ChoiceField } from '../../ui/Field'
import { Empty } from '../../ui/States'
import { Unread } from '../Listing'
import { useReading } from '../reading'
import { dayOf } from '../times'
import { DayChart } from './DayChart'

const words = texts.panel
const NEWS: readonly EventType[] = ['turn.completed', 'turn.failed', 'turn.cancelled']
const number = new Intl.NumberFormat('en')
const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 4 })

const READS = {
  day: (client: Client, sessionId: string) => readFigures(client, sessionId, 'day'),
  agent: (client: Client, sessionId: string) => readFigures(client, sessionId, 'agent'),
} as const
const BY = [
  { value: 'day', label: words.byDay },
  { value: 'agent', label: words.byAgent },
]

async function readFigures(client: Client, sessionId: string, by: 'day' | 'agent'): Promise<Analytics> {
  return await client.ask(client.api.GET('/api/v1/analytics', { params: { query: { session_id: sessionId, by } } }))
}

export function FiguresSection({ sessionId }: { sessionId: string }) {
  const [by, setBy] = useState<'day' | 'agent'>('day')
  const reading = useReading(sessionId, READS[by], NEWS)
  return (
    <>
      <ChoiceField label={words.by} choices={BY} value={by} onChange={(event) => setBy(event.target.value as typeof by)} />
      {reading.value === null && <Unread reading={reading} />}
      {reading.value?.rows.length === 0 && <Empty icon="clock" title={words.noFigures} text={words.noFiguresText} />}
      {reading.value !== null && reading.value.rows.length > 0 && (
        <>
          {by === 'day' && <DayChart rows={reading.value.rows} label={words.chart} />}
          <Table rows={reading.value.rows} label={by === 'day' ? dayOf : String} />
        </>
      )}
    </>
  )
}

function Table({ rows, label }: { rows: readonly AnalyticsRow[]; label: (key: string) => string }) {
  return (
    <div className="overflow-x-auto rounded-xl border border-line bg-raised" tabIndex={0} role="region" aria-label={words.figures}>
      <table className="w-full text-xs tabular-nums">
        <thead>
          <tr className="border-b border-line text-soft">
            <td />
            {words.columns.map((lines) => (
              <th key={lines[0]} scope="col" className="px-2 py-1.5 text-right align-top font-medium whitespace-nowrap">
                <Lines lines={lines} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key} className="border-b border-line last:border-0">
              <th scope="row" className="px-2 py-1.5 text-left align-top font-medium [overflow-wrap:anywhere]">
                {label(row.key)}
              </th>
              {cells(row).map((lines, index) => (
                <td key={index} className="px-2 py-1.5 text-right align-top whitespace-nowrap">
                  <Lines lines={lines} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

/** Two figures in one place, so that the table fits where it stands. */
function Lines({ lines }: { lines: readonly string[] }) {
  const [first, second] = lines
  return (
    <>
      {first}
      {second !== undefined && <span className="block font-normal text-soft">{second}</span>}
    </>
  )
}

function cells(row: AnalyticsRow): readonly (readonly string[])[] {
  return [
    [number.format(row.turns), number.format(row.failures)],
    [number.format(row.messages)],
    [seconds(row.duration_p50_s), seconds(row.duration_p95_s)],
    [number.format(row.input_tokens + row.output_tokens), dollars.format(row.cost_usd)],
  ]
}

function seconds(value: number | null): string {
  return value === null ? '–' : value < 10 ? `${value.toFixed(2)} s` : `${Math.round(value)} s`
}
