/** Message part: a piece of a message by its type. */
import { memo } from 'react'
import type { Files } from '../../actions/files'
import type { Part } from '../../protocol/resources'
import { texts } from '../../texts'
import { CodeBlock } from '../../ui/CodeBlock'
import { Markdown } from '../../ui/Markdown'
import { FilePart, ImagePart } from './FilePart'

interface MessagePartProps {
  part: Part
  isPlain: boolean
  isGrowing: boolean
  /** Where whoever looks finds the files that are named. */
  files: Files
}

export const MessagePart = memo(function MessagePart({ part, isPlain, isGrowing, files }: MessagePartProps) {
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
      return <ImagePart files={files} attachmentId={part.attachment_id} />
    case 'file':
      return <FilePart files={files} attachmentId={part.attachment_id} />
    case 'tool_call':
    case 'tool_result':
      return null
  }
})
