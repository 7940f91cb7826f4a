/** Users dialog: who may use this server, for those who manage it. */
import type { Client } from '../../protocol/client'
import { newKey } from '../../protocol/ids'
import type { User } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Badge } from '../../ui/States'
import { usePage, useSelect } from '../page'
import { useReading } from '../reading'
import { useTried } from '../tried'
import { CredentialDialog } from './CredentialDialog'

const words = texts.users
const ROLES = ['member', 'admin', 'owner'] as const

async function readUsers(client: Client): Promise<readonly User[]> {
  return await client.ask(client.api.GET('/api/v1/users', { params: { query: { limit: 100 } } }))
}

export function UsersDialog({ onClose }: { onClose: () => void }) {
  const { client } = usePage()
  const reading = useReading('users', readUsers)
  const create = async (name: string) => {
    const user = await client.ask(client.api.POST('/api/v1/users', { params: { header: { 'Idempotency-Key': newKey() } }, body: { name } }))
    // Without a key the new user has no way in.
    const params = { header: { 'Idempotency-Key': newKey() } }
    const { key } = await client.ask(client.api.POST('/api/v1/keys', { params, body: { user: user.name, name: words.firstKey } }))
    return { label: words.created(user.name), secret: key }
  }
  return <CredentialDialog words={words} create={create} reading={reading} row={(user) => <UserRow user={user} onChanged={reading.again} />} onClose={onClose} />
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
