/** Secret: a text that is shown once, to be copied now. */
import { useState } from 'react'
import { Button } from './Button'

interface SecretProps {
  label: string
  hint: string
  text: string
  words: { copy: string; copied: string }
}

export function Secret({ label, hint, text, words }: SecretProps) {
  const [isCopied, setCopied] = useState(false)
  return (
    <div role="status" className="mb-5 rounded-xl border border-line bg-tint p-3">
      <p className="text-[0.8125rem] font-medium">{label}</p>
      <div className="mt-2 flex items-center gap-2">
        <code className="min-w-0 flex-1 rounded-lg bg-ground px-2 py-1.5 font-mono text-xs break-all select-all">{text}</code>
        <Button icon={isCopied ? 'check' : 'copy'} onClick={() => void navigator.clipboard.writeText(text).then(() => setCopied(true))}>
          {isCopied ? words.copied : words.copy}
        </Button>
      </div>
      <p className="mt-2 text-xs text-soft">{hint}</p>
    </div>
  )
}
