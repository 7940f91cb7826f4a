/** Session panel: what the threads of a session share, and what goes on in all of them. */
import { useId, useRef, useState, type ComponentType, type KeyboardEvent } from 'react'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { useNavigation } from '../navigation'
import { ActivitySection } from './ActivitySection'
import { AlertsSection } from './AlertsSection'
import { FiguresSection } from './FiguresSection'
import { NotesSection } from './NotesSection'
import { StateSection } from './StateSection'
import { TimersSection } from './TimersSection'

const words = texts.panel

const SECTIONS: readonly { name: string; View: ComponentType<{ sessionId: string }> }[] = [
  { name: words.activity, View: ActivitySection },
  { name: words.notes, View: NotesSection },
  { name: words.timers, View: TimersSection },
  { name: words.alerts, View: AlertsSection },
  { name: words.figures, View: FiguresSection },
  { name: words.state, View: StateSection },
]

export function SessionPanel({ onClose }: { onClose: () => void }) {
  const { sessionId } = useNavigation()
  const [chosen, choose] = useState(0)
  const id = useId()
  const View = SECTIONS[chosen]?.View
  return (
    <section aria-label={words.name} className="flex h-full min-h-0 flex-col bg-side">
      <div className="flex items-center justify-between gap-2 p-3 pb-2 pl-4">
        <h2 className="font-semibold">{words.name}</h2>
        <IconButton icon="close" label={words.close} onClick={onClose} />
      </div>
      <Tabs id={id} chosen={chosen} choose={choose} />
      <div id={`${id}-view`} role="tabpanel" aria-labelledby={`${id}-${chosen}`} tabIndex={0} className="min-h-0 flex-1 overflow-y-auto p-4 focus-visible:outline-offset-[-2px]">
        {sessionId === null || View === undefined ? <p className="text-sm text-soft">{words.none}</p> : <View key={sessionId} sessionId={sessionId} />}
      </div>
    </section>
  )
}

function Tabs({ id, chosen, choose }: { id: string; chosen: number; choose: (index: number) => void }) {
  const list = useRef<HTMLDivElement>(null)
  const move = (event: KeyboardEvent): void => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key]
    if (step === undefined) return
    const next = (chosen + step + SECTIONS.length) % SECTIONS.length
    choose(next)
    list.current?.querySelectorAll<HTMLElement>('[role=tab]')[next]?.focus()
  }
  return (
    <div ref={list} role="tablist" aria-label={words.name} onKeyDown={move} className="flex gap-1 overflow-x-auto border-b border-line px-3 pb-2">
      {SECTIONS.map(({ name }, index) => (
        <button
          key={name}
          id={`${id}-${index}`}
          type="button"
          role="tab"
          aria-selected={index === chosen}
          aria-controls={`${id}-view`}
          tabIndex={index === chosen ? 0 : -1}
          onClick={() => choose(index)}
          className={`h-7 shrink-0 rounded-lg px-2 text-[0.8125rem] ${index === chosen ? 'bg-hover font-medium' : 'text-soft hover:text-ink'}`}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
