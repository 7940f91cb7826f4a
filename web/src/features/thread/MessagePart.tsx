/** Message part: a piece of a message by its type. */
import { memo } from 'react'
import type { Part } from '../../protocol/resources'
import { texts } from '../../texts'
import { CodeBlock } from '../../ui/CodeBlock'
import { Icon } from '../../ui/Icon'
import { Markdown } from '../../ui/Markdown'

export const MessagePart = memo(function MessagePart({ part, isPlain, isGrowing }: { part: Part; isPlain: boolean; isGrowing: boolean }) {
  switch (part.type) {
    case 'text':
      return isPlain ? <div>{part.text}</div> : <Markdown text={part.text} isGrowing={isGrowing} />
    case 'reasoning':
      return (
        <details className="rounded-xl border border-line px-3 py-2 text-[0.8125rem] text-soft">
          <summary className="font-medium select-none">{texts.thread.reasoning}</summary>
          <div className="mt-2 break-words whitespace-pre-wrap">{part.text}</div>
        </details>
      )
    case 'code':
      return <CodeBlock language={part.language ?? ''} text={part.text} />
    case 'data':
      return <CodeBlock language="json" text={JSON.stringify(part.data, null, 2)} />
    case 'image':
      return <img src={fileOf(part.attachment_id)} alt={texts.thread.image} loading="lazy" className="max-h-80 max-w-full rounded-lg" />
    case 'file':
      return (
        <a href={fileOf(part.attachment_id)} download className="inline-flex items-center gap-2 rounded-lg border border-line bg-raised px-3 py-1.5 text-[0.8125rem] hover:bg-hover">
          <Icon name="attach" />
          {texts.thread.openFile}
        </a>
      )
    case 'tool_call':
    case 'tool_result':
      return null
  }
})

/** A file of this server, which serves nothing under that address that could run. */
function fileOf(attachmentId: string): string {
  return `/api/v1/attachments/${encodeURIComponent(attachmentId)}`
}
