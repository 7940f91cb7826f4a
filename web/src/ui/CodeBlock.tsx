/** Code block: code in its language's colours, which come a moment after the text, and a button that copies it. */
import { memo, useEffect, useState, type ReactNode } from 'react'
import { texts } from '../texts'
import { IconButton } from './Button'

const MOST = 60_000

export const CodeBlock = memo(function CodeBlock({ language, text }: { language: string; text: string }) {
  const [coloured, setColoured] = useState<{ of: string; as: ReactNode } | null>(null)
  const [isCopied, setCopied] = useState(false)
  useEffect(() => {
    if (language === '' || text.length > MOST) return
    let isWanted = true
    // A text that still grows would be coloured for nothing.
    const timer = setTimeout(() => {
      void import('./highlight').then(({ highlight }) => {
        const as = highlight(language, text)
        if (isWanted && as !== null) setColoured({ of: text, as })
      })
    }, 120)
    return () => {
      isWanted = false
      clearTimeout(timer)
    }
  }, [language, text])
  return (
    <div className="group/code overflow-hidden rounded-xl border border-line bg-sunken">
      <div className="flex h-8 items-center justify-between pr-1 pl-3 text-xs text-soft">
        <span>{language || texts.parts.text}</span>
        <IconButton
          icon={isCopied ? 'check' : 'copy'}
          label={texts.parts.copyCode}
          className="size-7"
          onClick={() => {
            void navigator.clipboard.writeText(text).then(() => {
              setCopied(true)
              setTimeout(() => setCopied(false), 1_500)
            })
          }}
        />
      </div>
      <pre tabIndex={0} className="overflow-x-auto px-3 pb-3 font-mono text-[0.8125rem] leading-relaxed">
        <code>{coloured?.of === text ? coloured.as : text}</code>
      </pre>
    </div>
  )
})
