/** Composer: where messages are written. Each thread has its own draft, and sending in one leaves the others alone. */
import { useEffect, useLayoutEffect, useRef, useState, type KeyboardEvent } from 'react'
import type { Delivery, SentPart } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { useNavigation } from '../navigation'
import { usePage } from '../page'
import { FileList, useFiles } from './files'

const words = texts.composer

interface ComposerProps {
  /** null: the thread does not exist yet, and `onSend` makes it. */
  thread: ThreadState | null
  draftId?: string
  onSend?: (text: string, parts: readonly SentPart[] | null) => void
}

export function Composer({ thread, draftId = thread?.id ?? '', onSend }: ComposerProps) {
  const page = usePage()
  const input = useRef<HTMLTextAreaElement>(null)
  const [text, setText] = useState(() => page.drafts.get(draftId))
  const [delivery, setDelivery] = useState<Delivery>('queue')
  const { sessionId } = useNavigation()
  const files = useFiles(thread?.summary.session_id ?? sessionId)
  const isBusy = thread !== null && thread.summary.active_turn_id !== null
  useEffect(() => page.drafts.set(draftId, text), [page, draftId, text])
  useGrowing(input, text)

  /** With how many files it was to be sent when they were still on their way; null: nobody waits for them. */
  const [due, setDue] = useState<number | null>(null)
  const canSend = text.trim() !== ''
  const send = (how: Delivery): void => {
    if (!canSend) return
    if (files.isUploading) {
      setDue(files.chosen.length)
      return
    }
    const parts = files.parts.length === 0 ? null : [{ type: 'text' as const, text }, ...files.parts]
    if (thread === null) onSend?.(text, parts)
    else page.sending.send(thread.id, { text, parts, delivery: isBusy ? how : 'queue' })
    setText('')
    setDelivery('queue')
    files.clear()
  }
  const uploaded = useRef((): void => undefined)
  useEffect(() => {
    uploaded.current = () => {
      setDue(null)
      // Without a file that could not be uploaded it is another message: that is for whoever wrote it to decide.
      if (files.chosen.length === due) send(delivery)
    }
  })
  const isUploaded = due !== null && !files.isUploading
  useEffect(() => {
    if (isUploaded) uploaded.current()
  }, [isUploaded])
  const typed = (event: KeyboardEvent): void => {
    // Enter also ends the choice of a character in some languages: that is not a wish to send.
    if (event.key !== 'Enter' || event.shiftKey || event.nativeEvent.isComposing) return
    event.preventDefault()
    send(delivery)
  }
  if (thread?.summary.archived === true) {
    return (
      <div className="flex items-center justify-between gap-3 rounded-2xl border border-line bg-sunken px-4 py-3 text-sm text-soft">
        {texts.thread.archived}
        <Button icon="archive" onClick={() => void page.threads.change(thread.id, { archived: false })}>{texts.threads.restore}</Button>
      </div>
    )
  }
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        send(delivery)
      }}
      onPaste={(event) => event.clipboardData.files.length > 0 && files.add(event.clipboardData.files)}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        files.add(event.dataTransfer.files)
      }}
      className="rounded-2xl border border-edge/70 bg-raised shadow-sm focus-within:border-accent"
    >
      <FileList files={files} />
      <textarea
        ref={input}
        id="message"
        aria-label={words.message}
        aria-describedby="message-hint"
        placeholder={isBusy ? words.placeholderBusy : words.placeholder}
        rows={1}
        autoFocus={matchMedia('(pointer: fine)').matches}
        value={text}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={typed}
        className="block max-h-60 w-full resize-none bg-transparent px-4 pt-3 pb-1 placeholder:text-soft focus-visible:outline-none"
      />
      <div className="flex items-center gap-1 px-2 pb-2">
        <FileButton onAdd={files.add} />
        {isBusy && <DeliveryChooser delivery={delivery} onChange={setDelivery} />}
        <span id="message-hint" className="mr-auto hidden px-1 text-2xs text-soft sm:inline">{due === null ? words.hint : words.uploading}</span>
        {isBusy && (
          <Button icon="stop" disabled={thread.isStopping} className="ml-auto" onClick={() => void page.threads.stop(thread.id)}>
            {thread.isStopping ? words.stopping : words.stop}
          </Button>
        )}
        <IconButton icon="send" look="main" label={words.send} type="submit" disabled={!canSend || due !== null} className={isBusy ? '' : 'ml-auto'} />
      </div>
    </form>
  )
}

function DeliveryChooser({ delivery, onChange }: { delivery: Delivery; onChange: (delivery: Delivery) => void }) {
  return (
    <select aria-label={words.delivery} value={delivery} onChange={(event) => onChange(event.target.value as Delivery)} className="h-8 max-w-36 min-w-0 rounded-lg bg-transparent px-1.5 text-[0.8125rem] text-soft hover:bg-hover sm:max-w-56">
      <option value="queue">{words.queue}</option>
      <option value="steer">{words.steer}</option>
      <option value="interrupt">{words.interrupt}</option>
    </select>
  )
}

function FileButton({ onAdd }: { onAdd: (files: globalThis.FileList) => void }) {
  return (
    <label title={words.attach} className="inline-flex size-8 shrink-0 cursor-pointer items-center justify-center rounded-lg text-soft focus-within:outline-2 focus-within:outline-accent hover:bg-hover hover:text-ink">
      <Icon name="attach" />
      <input
        type="file"
        multiple
        aria-label={words.attach}
        className="sr-only"
        onChange={(event) => {
          if (event.target.files !== null) onAdd(event.target.files)
          event.target.value = ''
        }}
      />
    </label>
  )
}

/** As high as its text, up to a bound. */
function useGrowing(input: React.RefObject<HTMLTextAreaElement | null>, text: string): void {
  useLayoutEffect(() => {
    const element = input.current
    if (element === null) return
    element.style.height = 'auto'
    element.style.height = `${element.scrollHeight}px`
  }, [input, text])
}
