/** Thread settings: how its queue runs, what its agent is given, its tags, and what it has used. */
import { useState } from 'react'
import type { ThreadSettings } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { ChoiceField, TextField } from '../../ui/Field'
import { usePage } from '../page'

const words = texts.settings
const QUEUE_MODES = [
  { value: 'combine', label: words.combine },
  { value: 'one_at_a_time', label: words.oneAtATime },
]
const RESUMES = [
  { value: '', label: words.resumeDefault },
  { value: 'yes', label: words.resumeYes },
  { value: 'no', label: words.resumeNo },
]
const ON_FAILURE = [
  { value: 'continue', label: words.goOn },
  { value: 'pause', label: words.pauseIt },
]
const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 4 })

export function ThreadSettingsDialog({ thread, onClose }: { thread: ThreadState; onClose: () => void }) {
  const page = usePage()
  const { summary, settings, usage } = thread
  const [queueMode, setQueueMode] = useState<ThreadSettings['queue_mode']>(settings?.queue_mode ?? 'combine')
  const [resume, setResume] = useState(settings?.resume == null ? '' : settings.resume ? 'yes' : 'no')
  const [onFailure, setOnFailure] = useState<ThreadSettings['on_failure']>(settings?.on_failure ?? 'continue')
  const [muted, setMuted] = useState(settings?.muted?.join(', ') ?? '')
  const [tags, setTags] = useState(summary.tags.join(', '))
  const save = async (): Promise<void> => {
    const changed = {
      queue_mode: queueMode,
      on_failure: onFailure,
      ...(resume === '' ? {} : { resume: resume === 'yes' }),
      ...(summary.members.length === 0 ? {} : { muted: listOf(muted) }),
    }
    if (await page.threads.change(thread.id, { tags: listOf(tags), settings: changed })) onClose()
  }
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        <ChoiceField label={words.queueMode} choices={QUEUE_MODES} value={queueMode} onChange={(event) => setQueueMode(event.target.value as typeof queueMode)} />
        <ChoiceField label={words.resume} choices={RESUMES} value={resume} onChange={(event) => setResume(event.target.value)} />
        <ChoiceField label={words.onFailure} choices={ON_FAILURE} value={onFailure} onChange={(event) => setOnFailure(event.target.value as typeof onFailure)} />
        <TextField label={words.tags} hint={words.tagsHint} value={tags} onChange={(event) => setTags(event.target.value)} />
        {summary.members.length > 0 && <TextField label={words.muted} hint={words.mutedHint} value={muted} onChange={(event) => setMuted(event.target.value)} />}
        <div className="flex items-center justify-between gap-3">
          <p className="text-xs text-soft">{usage !== null && words.usage(usage.input_tokens ?? 0, usage.output_tokens ?? 0, dollars.format(usage.cost_usd ?? 0))}</p>
          <Button look="main" type="submit">{words.save}</Button>
        </div>
      </form>
    </Dialog>
  )
}

function listOf(text: string): string[] {
  return [...new Set(text.split(',').map((word) => word.trim()).filter(Boolean))]
}
