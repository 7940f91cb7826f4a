/** Users dialog: who may use this server, for those who manage it. */
import { useState, type SubmitEvent } from 'react'
import type { Client } from '../../protocol/client'
import { newKey } from '../../protocol/ids'
import type { User } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextField } from '../../ui/Field'
import { Secret } from '../../ui/Secret'
import { Badge } from '../../ui/States'
import { Listing } from '../Listing'
import { usePage, useSelect } from '../page'
import { useReading } from '../reading'
import { useTried } from '../tried'

const words = texts.users
const EMPTY = { icon: 'settings', title: words.none, text: words.noneText } as const
const ROLES = ['member', 'admin', 'owner'] as const

async function readUsers(client: Client): Promise<readonly User[]> {
  return await client.ask(client.api.GET('/api/v1/users', { params: { query: { limit: 100 } } }))
}

export function UsersDialog({ onClose }: { onClose: () => void }) {
  const { client } = usePage()
  const tried = useTried()
  const reading = useReading('users', readUsers)
  const [name, setName] = useState('')
  const [created, setCreated] = useState<{ name: string; key: string } | null>(null)
  const create = (event: SubmitEvent): void => {
    event.preventDefault()
    const header = { 'Idempotency-Key': newKey() }
    void tried(
      async () => {
        const user = await client.ask(client.api.POST('/api/v1/users', { params: { header }, body: { name: name.trim() } }))
        // Without a key the new user has no way in.
        return await client.ask(client.api.POST('/api/v1/keys', { params: { header: { 'Idempotency-Key': newKey() } }, body: { user: user.name, name: words.firstKey } }))
      },
      ({ user, key }) => {
        setCreated({ name: user, key })
        setName('')
        reading.again()
      },
    )
  }
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      {created !== null && <Secret label={words.created(created.name)} hint={texts.keys.createdHint} text={created.key} words={texts.thread} />}
      <form onSubmit={create} className="mb-5">
        <TextField label={words.name} value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
        <div className="flex justify-end">
          <Button look="main" icon="plus" type="submit">
            {words.create}
          </Button>
        </div>
      </form>
      <Listing reading={reading} empty={EMPTY} keyOf={(user) => user.id}>
        {(user) => <UserRow user={user} onChanged={reading.again} />}
      </Listing>
    </Dialog>
  )
}

function UserRow({ user, onChanged }: { user: User; onChanged: () => void }) {
  const { client } = usePage()
  const tried = useTried()
  const isMe = useSelect((state) => state.me !== null && state.me !== false && state.me.id === user.id)
  const change = (body: { role?: User['role']; active?: boolean }): void =>
    void tried(() => client.ask(client.api.PATCH('/api/v1/users/{user_id}', { params: { path: { user_id: user.id } }, body })), onChanged)
  return (
    <div className="flex items-center gap-3">
      <p className="flex min-w-0 flex-1 items-center gap-2">
        <span className="truncate">{user.name}</span>
        {!user.active && <Badge tone="warn">{words.inactive}</Badge>}
      </p>
      <select
        aria-label={words.roleOf(user.name)}
        value={user.role}
        disabled={isMe}
        onChange={(event) => change({ role: event.target.value as User['role'] })}
        className="h-8 rounded-lg border border-line bg-raised px-2 text-[0.8125rem] disabled:opacity-60"
      >
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {words.roles[role]}
          </option>
        ))}
      </select>
      {!isMe && <Button look={user.active ? 'bad' : 'plain'} onClick={() => change({ active: !user.active })}>{user.active ? words.deactivate : words.activate}</Button>}
    </div>
  )
}
