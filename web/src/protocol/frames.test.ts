import fc from 'fast-check'
import { expect, test } from 'vitest'
import { FrameReader, type Frame } from './frames'

function read(pieces: readonly string[]): Frame[] {
  const reader = new FrameReader()
  return pieces.flatMap((piece) => reader.push(piece))
}

test('a stream gives the same frames however it is cut into pieces', () => {
  const whole = 'id: 1.1\nevent: item.delta\ndata: {"a":"x\\n\\ny"}\n\n: keep-alive\n\nid: 1.2\nevent: turn.completed\ndata: {"b":2}\n\n'
  fc.assert(
    fc.property(fc.array(fc.nat(whole.length), { maxLength: 12 }), (cuts) => {
      const at = [0, ...cuts.sort((a, b) => a - b), whole.length]

      const frames = read(at.slice(1).map((end, index) => whole.slice(at[index], end)))

      expect(frames).toEqual([
        { id: '1.1', event: 'item.delta', data: '{"a":"x\\n\\ny"}' },
        { id: '1.2', event: 'turn.completed', data: '{"b":2}' },
      ])
    }),
  )
})

test('a frame that has not ended is not given yet', () => {
  expect(read(['id: 1.1\ndata: {"a":1}\n'])).toEqual([])
})
