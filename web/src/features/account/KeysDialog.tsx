/** Keys dialog: the API keys of whoever is logged in. A new one is shown once. */
import { useState, type SubmitEvent } from 'react'
import type { Client } from '../../protocol/client'
import { newKey } from '../../protocol/ids'
import type { Key } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { ChoiceField, TextField } from '../../ui/Field'
import { Secret } from '../../ui/Secret'
import { Badge } from '../../ui/States'
import { Listing } from '../Listing'
import { usePage } from '../page'
import { useReading } from '../reading'
import { wholeTime } from '../times'
import { useTried } from '../tried'

const words = texts.keys
const EMPTY = { icon: 'settings', title: words.none, text: words.noneText } as const
const SCOPES = [
  { value: 'full', label: words.full },
  { value: 'read', label: words.read },
]

async function readKeys(client: Client): Promise<readonly Key[]> {
  return await client.ask(client.api.GET('/api/v1/keys', { params: { query: { limit: 100 } } }))
}

export function KeysDialog({ onClose }: { onClose: () => void }) {
  const { client } = usePage()
  const tried = useTried()
  const reading = useReading('keys', readKeys)
  const [name, setName] = useState('')
  const [scope, setScope] = useState<Key['scope']>('full')
  const [created, setCreated] = useState<string | null>(null)
  const create = (event: SubmitEvent): void => {
    event.preventDefault()
    const params = { header: { 'Idempotency-Key': newKey() } }
    void tried(
      () => client.ask(client.api.POST('/api/v1/keys', { params, body: { name: name.trim(), scope } })),
      ({ key }) => {
        setCreated(key)
        setName('')
        reading.again()
      },
    )
  }
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      {created !== null && <Secret label={words.created} hint={words.createdHint} text={created} words={texts.thread} />}
      <form onSubmit={create} className="mb-5">
        <TextField label={words.name} value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
        <ChoiceField label={words.scope} choices={SCOPES} value={scope} onChange={(event) => setScope(event.target.value as Key['scope'])} />
        <div className="flex justify-end">
          <Button look="main" icon="plus" type="submit">
            {words.create}
          </Button>
        </div>
      </form>
      <Listing reading={reading} empty={EMPTY} keyOf={(key) => key.id}>
        {(key) => <KeyRow shown={key} onRevoked={reading.again} />}
      </Listing>
    </Dialog>
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
