/** Keys dialog: the API keys of whoever is logged in. A new one is shown once. */
import { useState } from 'react'
import type { Client } from '../../protocol/client'
import { newKey } from '../../protocol/ids'
import type { Key } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { ChoiceField } from '../../ui/Field'
import { Badge } from '../../ui/States'
import { usePage } from '../page'
import { useReading } from '../reading'
import { wholeTime } from '../times'
import { useTried } from '../tried'
import { CredentialDialog } from './CredentialDialog'

const words = texts.keys
const SCOPES = [
  { value: 'full', label: words.full },
  { value: 'read', label: words.read },
]

async function readKeys(client: Client): Promise<readonly Key[]> {
  return await client.ask(client.api.GET('/api/v1/keys', { params: { query: { limit: 100 } } }))
}

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const { client } = usePage()
  const reading = useReading('keys', readKeys)
  const [scope, setScope] = useState<Key['scope']>('full')
  const create = async (name: string) => {
    const params = { header: { 'Idempotency-Key': newKey() } }
    const { key } = await client.ask(client.api.POST('/api/v1/keys', { params, body: { name, scope } }))
    return { label: words.created, secret: key }
  }
  return (
    <CredentialDialog words={words} create={create} reading={reading} row={(key) => <KeyRow shown={key} onRevoked={reading.again} />} onClose={onClose}>
      <ChoiceField label={words.scope} choices={SCOPES} value={scope} onChange={(event) => setScope(event.target.value as Key['scope'])} />
    </CredentialDialog>
  )
}

function KeyRow({ shown, onRevoked }: { shown: Key; onRevoked: () => void }) {
  const { client } = usePage()
  const tried = useTried()
  const revoke = (): void => void tried(() => client.ask(client.api.DELETE('/api/v1/keys/{key_id}', { params: { path: { key_id: shown.id } } })), onRevoked)
  return (
    <div className="flex items-center gap-3">
      <div className="min-w-0 flex-1">
        <p className="flex items-center gap-2">
          <span className="truncate">{shown.name || shown.prefix}</span>
          {shown.scope === 'read' && <Badge>{words.read}</Badge>}
        </p>
        <p className="text-xs text-soft">
          <span className="font-mono">{shown.prefix}…</span> · {shown.last_used_at === null ? words.unused : words.used(wholeTime(shown.last_used_at))}
        </p>
      </div>
      <Button look="bad" onClick={revoke}>
        {words.revoke}
      </Button>
    </div>
  )
}
