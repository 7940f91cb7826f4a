/** Said: what somebody asked and what an agent answered, as everybody reads it who may. What can be done stands below. */
import { memo, type ReactNode } from 'react'
import type { Files } from '../../actions/files'
import type { Item } from '../../protocol/resources'
import { texts } from '../../texts'
import { Badge } from '../../ui/States'
import { MessagePart } from './MessagePart'

interface SaidProps {
  item: Item
  files: Files
  children?: ReactNode
}

export const Question = memo(function Question({ item, name, files, children }: SaidProps & { name: string }) {
  return (
    <article aria-label={name} className="group/item flex flex-col items-end pt-4 pb-1">
      <div className="max-w-[85%] space-y-2 rounded-2xl rounded-br-md bg-tint px-4 py-2.5 break-words whitespace-pre-wrap">
        {item.parts.map((part, index) => (
          <MessagePart key={index} part={part} isPlain isGrowing={false} files={files} />
        ))}
      </div>
      {children}
    </article>
  )
})

export const Answer = memo(function Answer({ item, before, name, files, children }: SaidProps & { before: Item | undefined; name: string | null }) {
  const isGrowing = item.state === 'partial'
  // The name stands where the speaker changes: after a switch each answer says who wrote it.
  const isNewSpeaker = before?.role !== 'assistant' || before.agent !== item.agent
  return (
    <article aria-label={name ?? undefined} aria-busy={isGrowing} className="group/item pt-3 pb-1">
      {isNewSpeaker && <p className="mb-1 text-xs font-semibold text-soft">{name}</p>}
      <div className={`space-y-3 ${isGrowing && item.text === '' ? 'caret' : ''}`}>
        {item.parts.map((part, index) => (
          <MessagePart key={index} part={part} isPlain={false} isGrowing={isGrowing} files={files} />
        ))}
      </div>
      {item.state === 'interrupted' && (
        <p className="mt-1.5">
          <Badge tone="warn">{texts.thread.interrupted}</Badge>
        </p>
      )}
      {!isGrowing && children}
    </article>
  )
})

export function SystemLine({ text }: { text: string }) {
  return <p className="my-3 rounded-lg bg-sunken px-3 py-2 text-[0.8125rem] text-soft">{text}</p>
}
