/** Use shortcuts: does what a shortcut asks for, wherever the focus is. */
import { useEffect, useRef } from 'react'
import { shortcutOf, type Shortcut } from './shortcuts'

export function useShortcuts(acts: Readonly<Record<Shortcut, () => void>>): void {
  const newest = useRef(acts)
  useEffect(() => {
    newest.current = acts
  })
  useEffect(() => {
    const pressed = (event: KeyboardEvent): void => {
      const shortcut = shortcutOf(event)
      // A dialog has the page to itself; a list of choices opens with Alt and an arrow.
      if (shortcut === null || document.querySelector('dialog[open]') !== null || event.target instanceof HTMLSelectElement) return
      event.preventDefault()
      newest.current[shortcut]()
    }
    addEventListener('keydown', pressed)
    return () => removeEventListener('keydown', pressed)
  }, [])
}
