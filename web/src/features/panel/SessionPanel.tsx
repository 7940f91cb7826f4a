/** Session panel: what the threads of a session share, and what goes on in all of them. */
import { useId, useRef, useState, type ComponentType, type KeyboardEvent } from 'react'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { Empty } from '../../ui/States'
import { useFrame } from '../frame'
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

export function SessionPanel() {
  const { closePanel } = useFrame()
  const { sessionId } = useNavigation()
  const [chosen, choose] = useState(0)
  const id = useId()
  const View = SECTIONS[chosen]?.View
  return (
    <section aria-label={words.name} className="flex h-full min-h-0 flex-col bg-side">
      <div className="flex items-center justify-between gap-2 p-3 pb-2 pl-4">
        <h2 className="font-semibold">{words.name}</h2>
        <IconButton icon="close" label={words.close} onClick={closePanel} />
      </div>
      <Tabs id={id} chosen={chosen} choose={choose} />
      <div id={`${id}-view`} role="tabpanel" aria-labelledby={`${id}-${chosen}`} tabIndex={0} className="min-h-0 flex-1 overflow-y-auto p-4 focus-visible:outline-offset-[-2px]">
        {sessionId === null || View === undefined ? <Empty icon="panel" title={words.noneTitle} text={words.none} /> : <View key={sessionId} sessionId={sessionId} />}
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
    <div ref={list} role="tablist" aria-label={words.name} onKeyDown={move} className="flex border-b border-line px-2">
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
          className={`-mb-px h-9 min-w-0 flex-auto border-b-2 px-1 text-xs font-medium focus-visible:outline-offset-[-3px] ${index === chosen ? 'border-accent text-ink' : 'border-transparent text-soft hover:text-ink'}`}
        >
          {name}
        </button>
      ))}
    </div>
  )
}
