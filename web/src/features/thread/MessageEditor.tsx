/** Message editor: a message that was sent, to be said anew. What followed it leaves the transcript. */
import { useState } from 'react'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'

export function MessageEditor({ text, onSend, onCancel }: { text: string; onSend: (text: string) => void; onCancel: () => void }) {
  const [draft, setDraft] = useState(text)
  return (
    <form
      className="my-3 rounded-2xl border border-accent bg-raised p-2"
      onSubmit={(event) => {
        event.preventDefault()
        if (draft.trim() !== '') onSend(draft)
      }}
    >
      <textarea
        autoFocus
        aria-label={texts.thread.newText}
        value={draft}
        rows={Math.min(10, draft.split('\n').length + 1)}
        onChange={(event) => setDraft(event.target.value)}
        onKeyDown={(event) => event.key === 'Escape' && onCancel()}
        className="block w-full resize-none bg-transparent px-2 py-1 focus-visible:outline-none"
      />
      <div className="flex justify-end gap-2">
        <Button onClick={onCancel}>{texts.thread.cancel}</Button>
        <Button look="main" type="submit" disabled={draft.trim() === ''}>{texts.thread.resend}</Button>
      </div>
    </form>
  )
}
