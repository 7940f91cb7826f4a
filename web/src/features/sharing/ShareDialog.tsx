/** Share dialog: who else may read a thread, or comment on it, and for how long. */
import { useState, type SubmitEvent } from 'react'
import type { Client } from '../../protocol/client'
import { newKey } from '../../protocol/ids'
import type { CreatedShare, Share } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { CheckField, ChoiceField, TextField } from '../../ui/Field'
import { Secret } from '../../ui/Secret'
import { Listing } from '../Listing'
import { usePage } from '../page'
import { useReading } from '../reading'
import { wholeTime } from '../times'
import { useTried } from '../tried'

const words = texts.sharing
const EMPTY = { icon: 'share', title: words.none, text: words.noneText } as const
const WITH = [
  { value: 'link', label: words.withLink },
  { value: 'user', label: words.withUser },
]
const MAY = [
  { value: 'view', label: words.view },
  { value: 'comment', label: words.comment },
]
const DAY_S = 86_400
const FOR = [1, 7, 30].map((days) => ({ value: String(days * DAY_S), label: words.days(days) }))

async function readShares(client: Client, threadId: string): Promise<readonly Share[]> {
  return await client.ask(client.api.GET('/api/v1/threads/{thread_id}/shares', { params: { path: { thread_id: threadId }, query: { limit: 100 } } }))
}

export function ShareDialog({ threadId, onClose }: { threadId: string; onClose: () => void }) {
  const reading = useReading(threadId, readShares)
  const [created, setCreated] = useState<CreatedShare | null>(null)
  const made = (share: CreatedShare): void => {
    setCreated(share)
    reading.again()
  }
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      {created !== null && created.token !== null && <Secret label={words.link} hint={words.linkHint} text={new URL(created.url, location.href).href} words={texts.thread} />}
      <NewShare threadId={threadId} onMade={made} />
      <h3 className="mt-6 mb-2 text-[0.8125rem] font-medium">{words.existing}</h3>
      <Listing reading={reading} empty={EMPTY} keyOf={(share) => share.id}>
        {(share) => <ShareRow share={share} onRevoked={reading.again} />}
      </Listing>
    </Dialog>
  )
}

function NewShare({ threadId, onMade }: { threadId: string; onMade: (share: CreatedShare) => void }) {
  const { client } = usePage()
  const tried = useTried()
  const [whom, setWhom] = useState('link')
  const [user, setUser] = useState('')
  const [permission, setPermission] = useState<Share['permission']>('view')
  const [lasting, setLasting] = useState(String(7 * DAY_S))
  const [hasTools, setTools] = useState(false)
  const share = (event: SubmitEvent): void => {
    event.preventDefault()
    const params = { path: { thread_id: threadId }, header: { 'Idempotency-Key': newKey() } }
    const body = { permission, expires_in_s: Number(lasting), tool_output: hasTools, ...(whom === 'user' ? { user: user.trim() } : {}) }
    void tried(() => client.ask(client.api.POST('/api/v1/threads/{thread_id}/shares', { params, body })), onMade)
  }
  return (
    <form onSubmit={share}>
      <div className="grid gap-x-3 sm:grid-cols-2">
        <ChoiceField label={words.with} choices={WITH} value={whom} onChange={(event) => setWhom(event.target.value)} />
        <ChoiceField label={words.may} choices={MAY} value={permission} onChange={(event) => setPermission(event.target.value as Share['permission'])} />
      </div>
      {whom === 'user' && <TextField label={words.user} hint={words.userHint} value={user} required onChange={(event) => setUser(event.target.value)} />}
      <ChoiceField label={words.lasting} choices={FOR} value={lasting} onChange={(event) => setLasting(event.target.value)} />
      <div className="flex items-center justify-between gap-2">
        <CheckField label={words.toolOutput} checked={hasTools} onChange={(event) => setTools(event.target.checked)} />
        <Button look="main" icon="share" type="submit">
          {words.share}
        </Button>
      </div>
    </form>
  )
}

function ShareRow({ share, onRevoked }: { share: Share; onRevoked: () => void }) {
  const { client } = usePage()
  const tried = useTried()
  const revoke = (): void => void tried(() => client.ask(client.api.DELETE('/api/v1/shares/{share_id}', { params: { path: { share_id: share.id } } })), onRevoked)
  return (
    <div className="flex items-center gap-3">
      <div className="min-w-0 flex-1">
        <p className="truncate">{share.user ?? words.anybody}</p>
        <p className="text-xs text-soft">{[share.permission === 'view' ? words.view : words.comment, words.until(wholeTime(share.expires_at))].join(' · ')}</p>
      </div>
      <Button look="bad" onClick={revoke}>
        {words.revoke}
      </Button>
    </div>
  )
}
