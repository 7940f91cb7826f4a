/** Shared view: a thread of somebody else: to be read, live, and commented on where the share permits. */
import { useCallback, useState, useSyncExternalStore, type ReactNode } from 'react'
import type { Files } from '../../actions/files'
import type { Shared } from '../../actions/shared'
import type { Item } from '../../protocol/resources'
import type { SharedState } from '../../state/shared'
import { texts } from '../../texts'
import { Boundary } from '../../ui/Boundary'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Empty, Skeleton } from '../../ui/States'
import { Windowed } from '../../ui/Windowed'
import { Answer, Question, SystemLine } from '../thread/Said'
import { Scroll } from '../thread/Scroll'
import { ToolCall } from '../thread/ToolCall'
import { SharedComments } from './SharedComments'

const words = texts.shared

interface SharedViewProps {
  shared: Shared
  /** What stands before the title, and behind it. */
  before: ReactNode
  behind?: ReactNode
  /** Below the header: whose thread it is. */
  line?: ReactNode
  /** Whether whoever comments is known by name. */
  isKnown: boolean
  /** What is said where nothing is shared any more. */
  ended: { title: string; text: string }
}

export function SharedView({ shared, before, behind, line, isKnown, ended }: SharedViewProps) {
  const state = useSharedState(shared)
  const [hasComments, setComments] = useState(() => matchMedia('(min-width: 64rem)').matches)
  const { thread, standing, comments } = state
  const mayComment = thread?.permission === 'comment'
  return (
    <div className="flex h-full min-h-0 flex-1">
      <div className="flex min-w-0 flex-1 flex-col">
        <header className="flex h-14 shrink-0 items-center gap-2.5 border-b border-line px-3 sm:px-4">
          {before}
          <h1 className="min-w-0 flex-1 truncate text-[0.9375rem] font-semibold">{thread?.title ?? texts.name}</h1>
          {thread !== null && behind}
          {mayComment && (
            <Button icon="comment" aria-expanded={hasComments} onClick={() => setComments(!hasComments)}>
              {words.comments(comments.length)}
            </Button>
          )}
        </header>
        {standing !== 'ended' && line}
        {standing === 'ended' ? (
          <div className="my-auto">
            <Empty icon="share" title={ended.title} text={ended.text} />
          </div>
        ) : (
          <Conversation state={state} files={shared.files} />
        )}
      </div>
      {mayComment && hasComments && (
        <aside aria-label={texts.comments.title} className="fixed inset-y-0 right-0 z-10 w-[23rem] max-w-[92vw] border-l border-line bg-side shadow-float lg:static lg:shadow-none">
          <SharedComments shared={shared} comments={comments} isKnown={isKnown} onClose={() => setComments(false)} />
        </aside>
      )}
    </div>
  )
}

export function useSharedState(shared: Shared): SharedState {
  return useSyncExternalStore(shared.store.subscribe, shared.store.get)
}

function Conversation({ state, files }: { state: SharedState; files: Files }) {
  const { thread, transcript } = state
  const agent = thread?.agent_id ?? ''
  const render = useCallback(
    (item: Item, before: Item | undefined) => (
      <Boundary otherwise={<p className="py-3 text-sm text-bad">{texts.thread.cannotShow}</p>}>
        <SharedItem item={item} before={before} agent={agent} files={files} />
      </Boundary>
    ),
    [agent, files],
  )
  return (
    <Scroll items={transcript.items} isAtEndFirst={false}>
      {thread === null && <Skeleton label={texts.thread.loading} rows={['ml-auto w-1/3', 'w-2/3', 'w-1/2', 'w-3/5']} />}
      {thread !== null && transcript.items.length === 0 && <Empty icon="clock" title={texts.thread.empty} text={words.emptyText} />}
      <Windowed items={transcript.items} keyOf={(item) => item.id} render={render} />
      {thread !== null && transcript.items.length > 0 && (
        <p className="mt-8 flex items-center justify-center gap-2 border-t border-line pt-4 text-xs text-soft">
          <Icon name="share" className="size-3.5" />
          {words.foot}
        </p>
      )}
    </Scroll>
  )
}

function SharedItem({ item, before, agent, files }: { item: Item; before: Item | undefined; agent: string; files: Files }) {
  switch (item.role) {
    case 'user':
      return <Question item={item} name={words.asked} files={files} />
    case 'assistant':
      return <Answer item={item} before={before} name={item.agent ?? agent} files={files} />
    case 'tool':
      return <ToolCall item={item} />
    case 'system':
      return <SystemLine text={item.text} />
  }
}
