/** Session dialog: makes a session, or renames, changes and deletes one. */
import { useCallback, useState } from 'react'
import type { Session } from '../../protocol/resources'
import type { State } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { ChoiceField, TextField } from '../../ui/Field'
import { useNavigation } from '../navigation'
import { usePage, useSelect } from '../page'

const words = texts.sessions
const MODES = [
  { value: 'copilot', label: words.copilot },
  { value: 'autonomous', label: words.autonomous },
]
const ENVIRONMENTS = [{ value: 'plain', label: 'plain' }]

export function SessionDialog({ sessionId, onClose }: { sessionId: string | null; onClose: () => void }) {
  const page = usePage()
  const { showSession } = useNavigation()
  const session = useSelect(useCallback((state: State) => (sessionId === null ? null : (state.sessions[sessionId] ?? null)), [sessionId]))
  const [title, setTitle] = useState(session?.title ?? '')
  const [environment, setEnvironment] = useState(session?.environment ?? 'plain')
  const [mode, setMode] = useState<Session['mode']>(session?.mode ?? 'copilot')
  const [isDeleting, setDeleting] = useState(false)
  const save = async (): Promise<void> => {
    const fields = { title: title.trim() || words.new, mode }
    const saved = session === null ? await page.sessions.create({ ...fields, environment }) : await page.sessions.change(session.id, fields)
    if (saved === null) return
    if (session === null) showSession(saved.id)
    onClose()
  }
  if (session !== null && isDeleting) return <DeleteDialog session={session} onClose={onClose} />
  return (
    <Dialog title={session === null ? words.new : words.edit} closeLabel={texts.thread.close} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <TextField label={words.title} value={title} maxLength={200} autoFocus onChange={(event) => setTitle(event.target.value)} />
        {session === null && <ChoiceField label={words.environment} choices={ENVIRONMENTS} value={environment} onChange={(event) => setEnvironment(event.target.value)} />}
        <ChoiceField label={words.mode} choices={MODES} value={mode} onChange={(event) => setMode(event.target.value as Session['mode'])} />
        <div className="flex justify-between gap-2">
          {session === null ? <span /> : <Button look="bad" icon="trash" onClick={() => setDeleting(true)}>{words.delete}</Button>}
          <Button look="main" type="submit">{session === null ? words.create : words.save}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function DeleteDialog({ session, onClose }: { session: Session; onClose: () => void }) {
  const page = usePage()
  const { go } = useNavigation()
  const count = useSelect(useCallback((state: State) => Object.values(state.threads).filter((thread) => thread.summary.session_id === session.id).length, [session.id]))
  return (
    <Dialog title={words.reallyDelete} closeLabel={texts.thread.close} onClose={onClose}>
      <p className="mb-5 text-sm text-soft">{words.reallyDeleteText(session.title, count)}</p>
      <div className="flex justify-end gap-2">
        <Button onClick={onClose}>{texts.thread.cancel}</Button>
        <Button
          look="bad"
          icon="trash"
          onClick={() => {
            go(null)
            void page.sessions.remove(session.id).then(onClose)
          }}
        >
          {words.delete}
        </Button>
      </div>
    </Dialog>
  )
}
