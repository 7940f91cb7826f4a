import { expect, test } from 'vitest'
import { shortcutOf, SHORTCUTS } from './shortcuts'

const PLAIN = { altKey: false, ctrlKey: false, metaKey: false, shiftKey: false, code: '', key: '' }

test.each([
  ['next', { altKey: true, code: 'ArrowDown' }],
  ['unread', { altKey: true, shiftKey: true, code: 'ArrowDown' }],
  ['begin', { altKey: true, code: 'KeyN', key: '˜' }],
  ['search', { metaKey: true, code: 'KeyK' }],
  // Where the slash stands above the seven.
  ['help', { ctrlKey: true, shiftKey: true, code: 'Digit7', key: '/' }],
])('%s is known by its keys', (name, pressed) => {
  expect(shortcutOf({ ...PLAIN, ...pressed })).toBe(name)
})

test('what only writes is no shortcut', () => {
  expect(shortcutOf({ ...PLAIN, code: 'KeyN', key: 'n' })).toBeNull()
  expect(shortcutOf({ ...PLAIN, shiftKey: true, code: 'Slash', key: '/' })).toBeNull()
  expect(shortcutOf({ ...PLAIN, ctrlKey: true, altKey: true, code: 'KeyN', key: 'ñ' })).toBeNull()
})

test('no two shortcuts have the same keys', () => {
  const keys = Object.values(SHORTCUTS).map(({ shown }) => shown.join('+'))
  expect(new Set(keys).size).toBe(keys.length)
})
