/** Title editor: a thread's title, changed where it stands. Enter keeps it, Escape does not. */
import { useEffect, useRef, useState } from 'react'
import { texts } from '../../texts'
import { usePage } from '../page'

export function TitleEditor({ threadId, title, onDone }: { threadId: string; title: string; onDone: () => void }) {
  const page = usePage()
  const [text, setText] = useState(title)
  const input = useRef<HTMLInputElement>(null)
  const isDone = useRef(false)
  useEffect(() => {
    input.current?.select()
  }, [])
  const finish = (isKept: boolean): void => {
    if (isDone.current) return
    isDone.current = true
    const next = text.trim()
    if (isKept && next !== '' && next !== title) void page.threads.change(threadId, { title: next })
    onDone()
  }
  return (
    <input
      ref={input}
      autoFocus
      aria-label={texts.threads.title}
      value={text}
      maxLength={200}
      onChange={(event) => setText(event.target.value)}
      onBlur={() => finish(true)}
      onKeyDown={(event) => {
        event.stopPropagation()
        if (event.key === 'Enter') finish(true)
        if (event.key === 'Escape') finish(false)
      }}
      className="relative min-w-0 flex-1 rounded border border-accent bg-ground px-1 text-[0.84375rem] font-medium"
    />
  )
}
