/** Notes: what every thread of the session may know. Those marked are part of each briefing. */
import { useState, type SubmitEvent } from 'react'
import type { Client } from '../../protocol/client'
import type { EventType } from '../../protocol/event'
import { newKey } from '../../protocol/ids'
import type { Note } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { CheckField, LongTextField } from '../../ui/Field'
import { Badge } from '../../ui/States'
import { usePage } from '../page'
import { shortTime, wholeTime } from '../times'
import { Listing } from '../Listing'
import { useReading, type Reading } from '../reading'

const words = texts.panel
const CHANGES: readonly EventType[] = ['state.changed']
const EMPTY = { icon: 'edit', title: words.noNotes, text: words.noNotesText } as const

async function readNotes(client: Client, sessionId: string): Promise<readonly Note[]> {
  return await client.ask(client.api.GET('/api/v1/sessions/{session_id}/notes', { params: { path: { session_id: sessionId }, query: { limit: 100 } } }))
}

export function NotesSection({ sessionId }: { sessionId: string }) {
  const reading = useReading(sessionId, readNotes, CHANGES)
  return (
    <>
      <NewNote sessionId={sessionId} onAdded={reading.again} />
      <Listing reading={reading} empty={EMPTY} keyOf={(note) => note.id}>
        {(note) => <NoteRow note={note} reading={reading} />}
      </Listing>
    </>
  )
}

function NewNote({ sessionId, onAdded }: { sessionId: string; onAdded: () => void }) {
  const { client, notices } = usePage()
  const [text, setText] = useState('')
  const [isBriefed, setBriefed] = useState(false)
  const add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    try {
      const params = { path: { session_id: sessionId }, header: { 'Idempotency-Key': newKey() } }
      await client.ask(client.api.POST('/api/v1/sessions/{session_id}/notes', { params, body: { text, prompt: isBriefed } }))
      setText('')
      onAdded()
    } catch (error) {
      notices.fail(error)
    }
  }
  return (
    <form onSubmit={(event) => void add(event)} className="mb-5">
      <LongTextField label={words.newNote} value={text} rows={2} required onChange={(event) => setText(event.target.value)} />
      <div className="flex items-center justify-between gap-2">
        <CheckField label={words.briefed} checked={isBriefed} onChange={(event) => setBriefed(event.target.checked)} />
        <Button type="submit" icon="plus" disabled={text.trim() === ''}>
          {words.add}
        </Button>
      </div>
    </form>
  )
}

function NoteRow({ note, reading }: { note: Note; reading: Reading<unknown> }) {
  const { client, notices } = usePage()
  const [edited, setEdited] = useState<string | null>(null)
  const params = { path: { session_id: note.session_id, note_id: note.id } }
  const change = async (asked: Promise<unknown>): Promise<void> => {
    try {
      await asked
      setEdited(null)
      reading.again()
    } catch (error) {
      notices.fail(error)
    }
  }
  if (edited !== null) {
    const save = (event: SubmitEvent): void => {
      event.preventDefault()
      void change(client.ask(client.api.PATCH('/api/v1/sessions/{session_id}/notes/{note_id}', { params, body: { text: edited } })))
    }
    return (
      <form onSubmit={save}>
        <LongTextField label={words.noteText} value={edited} rows={3} required autoFocus onChange={(event) => setEdited(event.target.value)} />
        <div className="flex justify-end gap-2">
          <Button onClick={() => setEdited(null)}>{texts.thread.cancel}</Button>
          <Button look="main" type="submit" disabled={edited.trim() === ''}>
            {words.save}
          </Button>
        </div>
      </form>
    )
  }
  return (
    <>
      <p className="whitespace-pre-wrap [overflow-wrap:anywhere]">{note.text}</p>
      <div className="mt-1 flex items-center gap-2 text-xs text-soft">
        <time dateTime={note.updated_at} title={wholeTime(note.updated_at)}>
          {shortTime(note.updated_at)}
        </time>
        {note.prompt && <Badge tone="accent">{words.inBriefing}</Badge>}
        <span className="ml-auto flex">
          <IconButton icon="edit" label={words.editNote} onClick={() => setEdited(note.text)} />
          <IconButton icon="trash" label={words.deleteNote} onClick={() => void change(client.ask(client.api.DELETE('/api/v1/sessions/{session_id}/notes/{note_id}', { params })))} />
        </span>
      </div>
    </>
  )
}
