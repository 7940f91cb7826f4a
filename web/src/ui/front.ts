/** Front: the dialog that lies in front of all else, or the page itself. Whatever lies behind a dialog cannot be used. */
import { useEffect, useSyncExternalStore, type RefObject } from 'react'

const open: HTMLElement[] = []
const listeners = new Set<() => void>()

function tell(): void {
  for (const listener of listeners) listener()
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

/** Say that this dialog is in front, as long as it is there. */
export function useInFront(dialog: RefObject<HTMLElement | null>): void {
  useEffect(() => {
    const element = dialog.current
    if (element === null) return
    open.push(element)
    tell()
    return () => {
      open.splice(open.indexOf(element), 1)
      tell()
    }
  }, [dialog])
}

export function useFront(): HTMLElement {
  return useSyncExternalStore(subscribe, () => open.at(-1) ?? document.body)
}
