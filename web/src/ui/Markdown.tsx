/** Markdown: what agents write, as elements. Raw HTML stays text, nothing loads by itself, links show where they go. */
import { memo, useEffect, useState, type ReactNode } from 'react'
import ReactMarkdown, { type Components } from 'react-markdown'
import remarkGfm from 'remark-gfm'
import { texts } from '../texts'
import { CodeBlock } from './CodeBlock'

const SAFE = /^(https?:|mailto:)/i
const PLUGINS = [remarkGfm]

/** Addresses that may be followed; all others become text. */
export function safeAddress(address: string): string {
  return SAFE.test(address.trim()) ? address : ''
}

function hostOf(address: string): string {
  try {
    const url = new URL(address)
    return url.protocol === 'mailto:' ? url.pathname : url.host
  } catch {
    return ''
  }
}

function Link({ address, children, text }: { address: string; children: ReactNode; text: string }) {
  if (address === '') return <>{children}</>
  const host = hostOf(address)
  return (
    <a href={address} target="_blank" rel="noopener noreferrer nofollow" referrerPolicy="no-referrer">
      {children}
      {!text.includes(host) && <span className="text-[0.85em] text-soft no-underline"> ({host})</span>}
    </a>
  )
}

const COMPONENTS: Components = {
  a: ({ href = '', children }) => (
    <Link address={href} text={plain(children)}>
      {children}
    </Link>
  ),
  // An image that loads tells its server that, when and by whom it was seen: it is a link, to be followed or not.
  img: ({ src, alt }) => {
    const address = typeof src === 'string' ? src : ''
    return (
      <Link address={address} text="">
        {alt || texts.parts.image}
      </Link>
    )
  },
  pre: ({ children }) => <>{children}</>,
  code: ({ className, children }) => {
    const text = plain(children)
    const language = /language-([\w+#.-]+)/.exec(className ?? '')?.[1]
    return language !== undefined || text.endsWith('\n') ? <CodeBlock language={language ?? ''} text={text.replace(/\n$/, '')} /> : <code>{children}</code>
  },
  // Only what a list of tasks brings along: a box for each, that nobody can tick.
  input: ({ checked }) => <input type="checkbox" checked={checked} disabled aria-label={checked === true ? texts.parts.ticked : texts.parts.unticked} />,
  table: ({ children }) => (
    <div className="table-scroll" tabIndex={0} role="region" aria-label={texts.parts.table}>
      <table>{children}</table>
    </div>
  ),
}

function plain(children: ReactNode): string {
  if (typeof children === 'string' || typeof children === 'number') return String(children)
  return Array.isArray(children) ? children.map((child: ReactNode) => plain(child)).join('') : ''
}

const Block = memo(function Block({ text }: { text: string }) {
  return (
    <ReactMarkdown remarkPlugins={PLUGINS} components={COMPONENTS} urlTransform={safeAddress}>
      {text}
    </ReactMarkdown>
  )
})

/** While a long text grows, only its end is read again: what stands before a safe break cannot change any more. */
export const Markdown = memo(function Markdown({ text, isGrowing }: { text: string; isGrowing: boolean }) {
  const [stable, setStable] = useState(0)
  const at = isGrowing ? Math.min(stable, text.length) : 0
  useEffect(() => {
    if (isGrowing && text.length - at > 6_000) setStable(at + safeBreak(text.slice(at)))
  }, [isGrowing, text, at])
  return (
    <div className="prose">
      {at > 0 && <Block text={text.slice(0, at)} />}
      <Block text={text.slice(at)} />
    </div>
  )
})

/** Where the text can be cut in two that mean the same: before a plain paragraph, outside of fences and lists. */
export function safeBreak(text: string): number {
  let isFenced = false
  let at = 0
  let found = 0
  let isAfterBlank = false
  for (const line of text.split('\n')) {
    if (/^\s{0,3}(```|~~~)/.test(line)) isFenced = !isFenced
    else if (!isFenced && isAfterBlank && /^[A-Za-z0-9"'(*_]/.test(line) && !/^(\d+[.)]|[*_-]\s)/.test(line)) found = at
    isAfterBlank = line.trim() === ''
    at += line.length + 1
  }
  return found
}
