/** Queue row: one waiting message: read, edited, moved, held, sent at once, or taken back. */
import { useState, type DragEvent, type KeyboardEvent } from 'react'
import type { QueueItem } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Menu } from '../../ui/Menu'
import { Badge } from '../../ui/States'
import { usePage } from '../page'

const words = texts.queue
const DRAGGED = 'application/x-laneway-queue'

interface QueueRowProps {
  threadId: string
  item: QueueItem
  isNext: boolean
  isBusy: boolean
  isLast: boolean
  onMove: (to: number) => void
  onMoveOther: (index: number, to: number) => void
}

export function QueueRow({ threadId, item, isNext, isBusy, isLast, onMove, onMoveOther }: QueueRowProps) {
  const page = usePage()
  const [isEditing, setEditing] = useState(false)
  const [isOver, setOver] = useState(false)
  const { position } = item
  const edit = (fields: Parameters<typeof page.queues.edit>[2]): void => void page.queues.edit(threadId, item, fields)
  const entries = [
    { label: words.edit, icon: 'edit' as const, run: () => setEditing(true) },
    { label: item.hold ? words.release : words.hold, icon: item.hold ? ('play' as const) : ('pause' as const), run: () => edit({ hold: !item.hold }) },
    { label: words.sendNow, icon: 'bolt' as const, run: () => edit({ delivery: 'interrupt' }) },
    { label: words.steer, icon: 'send' as const, isDisabled: !isBusy, run: () => edit({ delivery: 'steer' }) },
    { label: words.up, icon: 'up' as const, isDisabled: position === 1, run: () => onMove(position - 1) },
    { label: words.down, icon: 'down' as const, isDisabled: isLast, run: () => onMove(position + 1) },
    null,
    { label: words.withdraw, icon: 'trash' as const, isBad: true, run: () => void page.queues.withdraw(threadId, item.id) },
  ]
  const dropped = (event: DragEvent): void => {
    event.preventDefault()
    setOver(false)
    const from = Number(event.dataTransfer.getData(DRAGGED))
    if (from > 0) onMoveOther(from - 1, position)
  }
  return (
    <li
      onDragOver={(event) => {
        if (!event.dataTransfer.types.includes(DRAGGED)) return
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={dropped}
      className={`flex items-start gap-1.5 rounded-xl border bg-raised py-1.5 pr-1.5 pl-1 text-[0.8125rem] ${isOver ? 'border-accent' : 'border-line'} ${item.hold ? 'text-soft' : ''}`}
    >
      <Handle position={position} onMove={onMove} />
      {isEditing ? (
        <TextEditor item={item} onDone={() => setEditing(false)} onSave={(message) => edit({ message })} />
      ) : (
        <p className="my-1 line-clamp-3 min-w-0 flex-1 break-words whitespace-pre-wrap">{item.text}</p>
      )}
      <span className="flex h-7 items-center gap-1">
        {item.hold && <Badge tone="warn">{words.held}</Badge>}
        {item.state === 'steering' && <Badge tone="accent">{words.steering}</Badge>}
        {isNext && <Badge tone="accent">{words.inNext}</Badge>}
      </span>
      <Menu label={words.menu(position)} entries={entries} className="inline-flex size-7 shrink-0 items-center justify-center rounded-md text-soft hover:bg-hover hover:text-ink">
        <Icon name="more" />
      </Menu>
    </li>
  )
}

function Handle({ position, onMove }: { position: number; onMove: (to: number) => void }) {
  const pressed = (event: KeyboardEvent): void => {
    if (event.key !== 'ArrowUp' && event.key !== 'ArrowDown') return
    event.preventDefault()
    onMove(position + (event.key === 'ArrowUp' ? -1 : 1))
  }
  return (
    <button
      type="button"
      draggable
      aria-label={words.drag(position)}
      onDragStart={(event) => {
        event.dataTransfer.setData(DRAGGED, String(position))
        event.dataTransfer.effectAllowed = 'move'
      }}
      onKeyDown={pressed}
      className="inline-flex h-7 w-6 shrink-0 cursor-grab items-center justify-center rounded-md text-soft hover:bg-hover active:cursor-grabbing"
    >
      <Icon name="drag" />
    </button>
  )
}

function TextEditor({ item, onSave, onDone }: { item: QueueItem; onSave: (text: string) => void; onDone: () => void }) {
  const [text, setText] = useState(item.text)
  const save = (): void => {
    if (text.trim() !== '' && text !== item.text) onSave(text)
    onDone()
  }
  return (
    <div className="min-w-0 flex-1">
      <textarea
        autoFocus
        aria-label={words.text}
        value={text}
        rows={Math.min(8, text.split('\n').length)}
        onChange={(event) => setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === 'Escape') onDone()
          if (event.key === 'Enter' && !event.shiftKey) {
            event.preventDefault()
            save()
          }
        }}
        className="block w-full resize-none rounded-lg border border-edge/60 bg-ground px-2 py-1"
      />
      <div className="mt-1.5 flex gap-1.5">
        <Button look="main" className="h-7" onClick={save}>{words.save}</Button>
        <Button className="h-7" onClick={onDone}>{words.cancel}</Button>
      </div>
    </div>
  )
}
