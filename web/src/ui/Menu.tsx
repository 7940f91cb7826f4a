/** Menu: actions behind a button. Arrow keys move, Escape and a press elsewhere close. */
import { useEffect, useId, useRef, useState, type KeyboardEvent, type ReactNode } from 'react'
import { Icon, type IconName } from './Icon'

export interface MenuEntry {
  label: string
  icon?: IconName
  isBad?: boolean
  isDisabled?: boolean
  run: () => void
}

interface MenuProps {
  label: string
  entries: readonly (MenuEntry | null)[]
  className?: string
  children: ReactNode
}

const WIDTH = 208

export function Menu({ label, entries, className = '', children }: MenuProps) {
  const id = useId()
  const button = useRef<HTMLButtonElement>(null)
  const list = useRef<HTMLDivElement>(null)
  const [isOpen, setOpen] = useState(false)
  useEffect(() => {
    if (!isOpen || list.current === null || button.current === null) return
    list.current.showPopover()
    beside(list.current, button.current)
    list.current.querySelector<HTMLElement>('[role=menuitem]:not(:disabled)')?.focus()
  }, [isOpen])
  return (
    <>
      <button ref={button} type="button" aria-label={label} title={label} aria-haspopup="menu" aria-expanded={isOpen} aria-controls={isOpen ? id : undefined} className={className} onClick={() => setOpen(true)}>
        {children}
      </button>
      {isOpen && (
        <div
          ref={list}
          id={id}
          role="menu"
          aria-label={label}
          popover="auto"
          onToggle={(event) => event.newState === 'closed' && setOpen(false)}
          onKeyDown={(event) => move(event, () => setOpen(false), button.current)}
          className="fixed m-0 w-52 rounded-xl border border-line bg-raised p-1 text-ink shadow-float"
        >
          {entries.map((entry, index) =>
            entry === null ? (
              <hr key={index} className="my-1 border-line" />
            ) : (
              <button
                key={entry.label}
                type="button"
                role="menuitem"
                disabled={entry.isDisabled}
                onClick={() => {
                  setOpen(false)
                  button.current?.focus()
                  entry.run()
                }}
                className={`flex w-full items-center gap-2.5 rounded-lg px-2.5 py-1.5 text-left text-[0.8125rem] hover:bg-hover focus-visible:bg-hover focus-visible:outline-none disabled:opacity-50 ${entry.isBad ? 'text-bad' : ''}`}
              >
                {entry.icon !== undefined && <Icon name={entry.icon} className="size-4 opacity-75" />}
                {entry.label}
              </button>
            ),
          )}
        </div>
      )}
    </>
  )
}

function beside(list: HTMLElement, button: HTMLElement): void {
  const at = button.getBoundingClientRect()
  const fitsBelow = at.bottom + list.offsetHeight + 8 < innerHeight
  list.style.top = `${fitsBelow ? at.bottom + 4 : Math.max(8, at.top - list.offsetHeight - 4)}px`
  list.style.left = `${Math.max(8, Math.min(at.right - WIDTH, innerWidth - WIDTH - 8))}px`
}

function move(event: KeyboardEvent<HTMLElement>, close: () => void, button: HTMLElement | null): void {
  const entries = [...event.currentTarget.querySelectorAll<HTMLElement>('[role=menuitem]:not(:disabled)')]
  const at = entries.indexOf(document.activeElement as HTMLElement)
  const to: Record<string, number> = { ArrowDown: at + 1, ArrowUp: at - 1 + entries.length, Home: 0, End: entries.length - 1 }
  const next = to[event.key]
  if (next !== undefined) {
    event.preventDefault()
    entries[next % entries.length]?.focus()
  } else if (event.key === 'Escape' || event.key === 'Tab') {
    event.preventDefault()
    close()
    button?.focus()
  }
}
