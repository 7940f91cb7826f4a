/** Shared view: a thread as somebody with a link sees it: to be read, live, and commented on where the link permits. */
import { useCallback, useEffect, useState, useSyncExternalStore } from 'react'
import type { Shared } from '../../actions/shared'
import type { Item } from '../../protocol/resources'
import type { SharedState } from '../../state/shared'
import { texts } from '../../texts'
import { Boundary } from '../../ui/Boundary'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Badge, Empty, Skeleton } from '../../ui/States'
import { Windowed } from '../../ui/Windowed'
import { ConnectionBanner } from '../ConnectionBanner'
import { Answer, Question, SystemLine } from '../thread/Said'
import { Scroll } from '../thread/Scroll'
import { ToolCall } from '../thread/ToolCall'
import { GuestComments } from './GuestComments'

const words = texts.shared

export function SharedView({ shared }: { shared: Shared }) {
  const state = useSyncExternalStore(shared.store.subscribe, shared.store.get)
  const [hasComments, setComments] = useState(() => matchMedia('(min-width: 64rem)').matches)
  const { thread, standing, comments } = state
  const title = thread?.title
  useEffect(() => {
    document.title = title === undefined ? texts.name : `${title} · ${texts.name}`
  }, [title])
  const mayComment = thread?.permission === 'comment'
  return (
    <div className="flex h-full">
      <main className="flex min-w-0 flex-1 flex-col">
        {standing === 'lost' && <ConnectionBanner text={words.lost} />}
        <header className="flex h-14 shrink-0 items-center gap-2.5 border-b border-line px-3 sm:px-4">
          <img src="/app/icon.svg" alt="" className="size-6 rounded-md" />
          <h1 className="min-w-0 flex-1 truncate text-[0.9375rem] font-semibold">{title ?? texts.name}</h1>
          {thread !== null && <span className="max-sm:hidden"><Badge>{words.badge}</Badge></span>}
          {mayComment && (
            <Button icon="comment" aria-expanded={hasComments} onClick={() => setComments(!hasComments)}>
              {words.comments(comments.length)}
            </Button>
          )}
        </header>
        <Body state={state} />
      </main>
      {mayComment && hasComments && (
        <aside aria-label={texts.comments.title} className="fixed inset-y-0 right-0 z-10 w-[23rem] max-w-[92vw] border-l border-line bg-side shadow-float lg:static lg:shadow-none">
          <GuestComments shared={shared} comments={comments} onClose={() => setComments(false)} />
        </aside>
      )}
    </div>
  )
}

function Body({ state }: { state: SharedState }) {
  const { standing, thread, transcript } = state
  const agent = thread?.agent_id ?? ''
  const render = useCallback(
    (item: Item, before: Item | undefined) => (
      <Boundary otherwise={<p className="py-3 text-sm text-bad">{texts.thread.cannotShow}</p>}>
        <SharedItem item={item} before={before} agent={agent} />
      </Boundary>
    ),
    [agent],
  )
  if (standing === 'ended') {
    return (
      <div className="my-auto">
        <Empty icon="share" title={words.ended} text={words.endedText} />
      </div>
    )
  }
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

function SharedItem({ item, before, agent }: { item: Item; before: Item | undefined; agent: string }) {
  switch (item.role) {
    case 'user':
      return <Question item={item} name={words.asked} hasFiles={false} />
    case 'assistant':
      return <Answer item={item} before={before} name={item.agent ?? agent} hasFiles={false} />
    case 'tool':
      return <ToolCall item={item} />
    case 'system':
      return <SystemLine text={item.text} />
  }
}
