/** Alerts: what timers and watchers have raised, and the threads in which it is dealt with. */
import type { Client } from '../../protocol/client'
import type { EventType } from '../../protocol/event'
import type { Firing } from '../../protocol/resources'
import { texts } from '../../texts'
import { Badge } from '../../ui/States'
import { addressOf, useNavigation } from '../navigation'
import { wholeTime } from '../times'
import { Listing } from '../Listing'
import { useReading } from '../reading'

const words = texts.panel
const CHANGES: readonly EventType[] = ['alert.fired', 'alert.merged', 'alert.skipped', 'alert.dropped']
const EMPTY = { icon: 'bell', title: words.noAlerts, text: words.noAlertsText } as const
const TONES = { fired: 'accent', merged: 'plain', skipped: 'warn', dropped: 'bad' } as const

async function readAlerts(client: Client, sessionId: string): Promise<readonly Firing[]> {
  return await client.ask(client.api.GET('/api/v1/sessions/{session_id}/alerts', { params: { path: { session_id: sessionId }, query: { limit: 50 } } }))
}

export function AlertsSection({ sessionId }: { sessionId: string }) {
  const reading = useReading(sessionId, readAlerts, CHANGES)
  return (
    <Listing reading={reading} empty={EMPTY} keyOf={(firing) => firing.id}>
      {(firing) => <FiringRow firing={firing} />}
    </Listing>
  )
}

function FiringRow({ firing }: { firing: Firing }) {
  const { follow } = useNavigation()
  const { text } = firing.payload
  const { thread_id: threadId } = firing
  return (
    <>
      <div className="flex items-start gap-2">
        <p className="min-w-0 flex-1 [overflow-wrap:anywhere]">{typeof text === 'string' ? text : firing.source}</p>
        <Badge tone={TONES[firing.state]}>{words.firing[firing.state]}</Badge>
      </div>
      <div className="mt-1 flex items-center gap-2 text-xs text-soft">
        <time dateTime={firing.at}>{wholeTime(firing.at)}</time>
        {firing.reason !== null && <span>{firing.reason}</span>}
        {threadId !== null && (
          <a href={addressOf(threadId)} onClick={(event) => follow(event, threadId)} className="ml-auto font-medium text-accent hover:underline">
            {words.openThread}
          </a>
        )}
      </div>
    </>
  )
}
