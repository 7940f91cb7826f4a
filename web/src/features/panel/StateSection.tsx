/** State: the environment that all threads of the session share, as agents are briefed with it. */
import type { Client } from '../../protocol/client'
import type { EventType } from '../../protocol/event'
import { texts } from '../../texts'
import { Empty } from '../../ui/States'
import { Unread } from '../Listing'
import { useReading } from '../reading'

const words = texts.panel
const CHANGES: readonly EventType[] = ['state.changed']

async function readState(client: Client, sessionId: string): Promise<Readonly<Record<string, unknown>>> {
  return await client.ask(client.api.GET('/api/v1/sessions/{session_id}/state', { params: { path: { session_id: sessionId } } }))
}

export function StateSection({ sessionId }: { sessionId: string }) {
  const reading = useReading(sessionId, readState, CHANGES)
  if (reading.value === null) return <Unread reading={reading} />
  const { version, keys } = reading.value
  const entries = Array.isArray(keys) ? keys.filter(isEntry) : []
  return (
    <>
      <p className="mb-3 text-xs text-soft">{words.version(Number(version))}</p>
      {entries.length === 0 && <Empty icon="panel" title={words.noState} text={words.noStateText} />}
      <dl className="space-y-2">
        {entries.map((entry) => (
          <div key={entry.key} className="rounded-xl border border-line bg-raised px-3 py-2.5 text-sm">
            <dt className="font-medium [overflow-wrap:anywhere]">{entry.key}</dt>
            <dd className="mt-1 overflow-x-auto font-mono text-xs whitespace-pre text-soft">{JSON.stringify(entry.value, null, 2)}</dd>
          </div>
        ))}
      </dl>
    </>
  )
}

function isEntry(value: unknown): value is { key: string; value: unknown } {
  return typeof value === 'object' && value !== null && 'key' in value && typeof value.key === 'string'
}
