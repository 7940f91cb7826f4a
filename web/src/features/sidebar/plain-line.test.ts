import { expect, test } from 'vitest'
import { plainLine } from './plain-line'

test.each([
  ['## Before the release Two checks are **yours**: 1. the numbers', 'Before the release Two checks are yours: 1. the numbers'],
  ['see [the page](https://example.invalid) and ![a cat](x.png)', 'see the page and a cat'],
  ['- [x] `make` it ~~fast~~ right', 'make it fast right'],
  ['| a | b | |---|---| | 1 | 2 |', 'a b 1 2'],
  ['2 * 3 is 6, a_b and c_d are names', '2 * 3 is 6, a_b and c_d are names'],
])('%s is listed as %s', (text, line) => {
  expect(plainLine(text)).toBe(line)
})

test('what is nothing but marks is shown as it is', () => {
  expect(plainLine('---')).toBe('---')
})
