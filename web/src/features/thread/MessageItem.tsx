/** Message item: one item of a transcript, and what can be done with it. */
import { memo, useCallback, useState } from 'react'
import type { Item } from '../../protocol/resources'
import type { State } from '../../state/state'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { useNavigation } from '../navigation'
import { usePage, useSelect } from '../page'
import { wholeTime } from '../times'
import { MessageEditor } from './MessageEditor'
import { Answer, Question, SystemLine } from './Said'
import { ToolCall } from './ToolCall'

export const MessageItem = memo(function MessageItem({ item, before }: { item: Item; before: Item | undefined }) {
  switch (item.role) {
    case 'user':
      return <OwnMessage item={item} />
    case 'assistant':
      return <AgentMessage item={item} before={before} />
    case 'tool':
      return <ToolCall item={item} />
    case 'system':
      return <SystemLine text={item.text} />
  }
})

function OwnMessage({ item }: { item: Item }) {
  const page = usePage()
  const [isEditing, setEditing] = useState(false)
  if (isEditing) {
    return (
      <MessageEditor
        text={item.text}
        onCancel={() => setEditing(false)}
        onSend={(text) => {
          setEditing(false)
          void page.threads.editMessage(item.thread_id, item.id, text)
        }}
      />
    )
  }
  return (
    <Question item={item} name={texts.thread.you} files={page.files}>
      <Actions item={item} onEdit={() => setEditing(true)} />
    </Question>
  )
}

function AgentMessage({ item, before }: { item: Item; before: Item | undefined }) {
  const { files } = usePage()
  const agents = useSelect((state) => state.agents)
  const name = agents.find((agent) => agent.name === item.agent)?.title ?? item.agent
  return (
    <Answer item={item} before={before} name={name} files={files}>
      <Actions item={item} />
    </Answer>
  )
}

function Votes({ item }: { item: Item }) {
  const page = usePage()
  const vote = useSelect(useCallback((state: State) => state.threads[item.thread_id]?.votes?.[item.id] ?? null, [item.thread_id, item.id]))
  const button = (value: 1 | -1, icon: 'thumb_up' | 'thumb_down', label: string) => (
    <IconButton
      icon={icon}
      label={label}
      aria-pressed={vote === value}
      onClick={() => void page.threads.vote(item.thread_id, item.id, vote === value ? null : value)}
      className={`size-7 ${vote === value ? 'text-accent' : ''}`}
    />
  )
  return (
    <>
      {button(1, 'thumb_up', texts.thread.voteFor)}
      {button(-1, 'thumb_down', texts.thread.voteAgainst)}
    </>
  )
}

function Actions({ item, onEdit }: { item: Item; onEdit?: () => void }) {
  const page = usePage()
  const { go } = useNavigation()
  const [isCopied, setCopied] = useState(false)
  const words = texts.thread
  const copy = (): void => {
    void navigator.clipboard.writeText(item.text).then(() => {
      setCopied(true)
      setTimeout(() => setCopied(false), 1_500)
    })
  }
  const small = 'size-7'
  return (
    <div className="mt-0.5 -mb-1 flex h-7 items-center gap-0.5 opacity-0 has-aria-pressed:opacity-100 transition-opacity group-focus-within/item:opacity-100 group-hover/item:opacity-100 pointer-coarse:opacity-100">
      <IconButton icon={isCopied ? 'check' : 'copy'} label={isCopied ? words.copied : words.copy} onClick={copy} className={small} />
      {onEdit !== undefined && <IconButton icon="edit" label={words.edit} onClick={onEdit} className={small} />}
      {item.role === 'assistant' && <Votes item={item} />}
      {item.role === 'assistant' && <IconButton icon="retry" label={words.regenerate} onClick={() => void page.threads.regenerate(item.thread_id, item.id)} className={small} />}
      <IconButton icon="fork" label={words.forkHere} onClick={() => void page.threads.fork(item.thread_id, item.id).then((made) => made !== null && go(made))} className={small} />
      <IconButton icon="trash" label={words.deleteHere} onClick={() => void page.threads.deleteMessage(item.thread_id, item.id)} className={small} />
      <time dateTime={item.created_at} className="px-1 text-2xs text-soft tabular-nums">{wholeTime(item.created_at)}</time>
    </div>
  )
}
