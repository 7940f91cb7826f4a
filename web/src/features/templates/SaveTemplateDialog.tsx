/** Save-template dialog: keeps a thread's set-up under a name, for threads to come. */
import { useState, type SubmitEvent } from 'react'
import { newKey } from '../../protocol/ids'
import type { ThreadSummary } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextField } from '../../ui/Field'
import { usePage } from '../page'
import { useTried } from '../tried'

const words = texts.templates

export function SaveTemplateDialog({ summary, onClose }: { summary: ThreadSummary; onClose: () => void }) {
  const { client, notices } = usePage()
  const tried = useTried()
  const [name, setName] = useState(summary.title)
  const save = (event: SubmitEvent): void => {
    event.preventDefault()
    const params = { header: { 'Idempotency-Key': newKey() } }
    void tried(
      () => client.ask(client.api.POST('/api/v1/templates', { params, body: { name: name.trim(), from_thread_id: summary.id } })),
      () => {
        notices.tell(words.saved)
        onClose()
      },
    )
  }
  return (
    <Dialog title={words.save} closeLabel={texts.thread.close} onClose={onClose}>
      <form onSubmit={save}>
        <TextField label={words.name} hint={words.saveHint} value={name} maxLength={100} required autoFocus onChange={(event) => setName(event.target.value)} />
        <div className="flex justify-end">
          <Button look="main" type="submit">
            {texts.panel.save}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
