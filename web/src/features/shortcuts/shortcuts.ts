/** Shortcuts: what keys do anywhere in the page. Each has a modifier: a single letter would get in the way of writing. */

export type Shortcut = 'next' | 'previous' | 'unread' | 'begin' | 'search' | 'message' | 'panel' | 'help'

interface Combination {
  modifier: 'alt' | 'control'
  /** What tells the key: its place on the keyboard, or, where that differs from land to land, what it writes. */
  by: 'code' | 'key'
  value: string
  isShifted?: boolean
  shown: readonly string[]
}

export const SHORTCUTS: Readonly<Record<Shortcut, Combination>> = {
  next: { modifier: 'alt', by: 'code', value: 'ArrowDown', shown: ['Alt', '↓'] },
  previous: { modifier: 'alt', by: 'code', value: 'ArrowUp', shown: ['Alt', '↑'] },
  unread: { modifier: 'alt', by: 'code', value: 'ArrowDown', isShifted: true, shown: ['Alt', 'Shift', '↓'] },
  begin: { modifier: 'alt', by: 'code', value: 'KeyN', shown: ['Alt', 'N'] },
  search: { modifier: 'control', by: 'code', value: 'KeyK', shown: ['Ctrl', 'K'] },
  message: { modifier: 'alt', by: 'code', value: 'KeyM', shown: ['Alt', 'M'] },
  panel: { modifier: 'alt', by: 'code', value: 'KeyP', shown: ['Alt', 'P'] },
  help: { modifier: 'control', by: 'key', value: '/', shown: ['Ctrl', '/'] },
}

const isMac = typeof navigator !== 'undefined' && /mac|iphone|ipad/i.test(navigator.userAgent)

/** The keys as this machine's keyboard has them. */
export function keysOf(shortcut: Shortcut): readonly string[] {
  const names: Record<string, string> = isMac ? { Alt: '⌥', Ctrl: '⌘', Shift: '⇧' } : {}
  return SHORTCUTS[shortcut].shown.map((key) => names[key] ?? key)
}

type Pressed = Pick<KeyboardEvent, 'altKey' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'code' | 'key'>

/** Which shortcut was pressed, if any. Ctrl and Alt together write a character on some keyboards. */
export function shortcutOf(event: Pressed): Shortcut | null {
  const hasControl = event.ctrlKey || event.metaKey
  if (hasControl === event.altKey) return null
  const found = Object.entries(SHORTCUTS).find(([, { modifier, by, value, isShifted = false }]) => {
    if ((modifier === 'alt') !== event.altKey || event[by] !== value) return false
    return by === 'key' || isShifted === event.shiftKey
  })
  return found === undefined ? null : (found[0] as Shortcut)
}
