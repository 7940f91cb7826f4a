/** Transcript: what was said, the newest in sight unless somebody reads further up. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState } from 'react'
import type { Item } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Boundary } from '../../ui/Boundary'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Empty, Skeleton, Spinner } from '../../ui/States'
import { Windowed } from '../../ui/Windowed'
import { usePage } from '../page'
import { MessageItem } from './MessageItem'
import { OutgoingMessage } from './OutgoingMessage'
import { TurnNotice } from './TurnNotice'

const AT_END_PX = 80
const EARLY_PX = 1_500

export function Transcript({ thread }: { thread: ThreadState }) {
  const page = usePage()
  const { transcript, outgoing } = thread
  const { items } = transcript
  const box = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const follows = useRef(true)
  useStayInPlace(box, follows, items)
  useMarkRead(thread, isAtEnd)

  const looked = useCallback(() => {
    const element = box.current
    if (element === null) return
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight
    follows.current = fromEnd < AT_END_PX
    setAtEnd(follows.current)
    if (element.scrollTop < EARLY_PX) void page.watching.readOlder(thread.id)
  }, [page, thread.id])
  const toNewest = (): void => {
    follows.current = true
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }
  const render = useCallback((item: Item, before: Item | undefined) => (
    <Boundary otherwise={<p className="py-3 text-sm text-bad">{texts.thread.cannotShow}</p>}>
      <MessageItem item={item} before={before} />
    </Boundary>
  ), [])
  const isReading = transcript.loading === 'absent' || transcript.loading === 'loading'
  return (
    <div className="relative min-h-0 flex-1">
      <div ref={box} role="log" aria-label={texts.thread.transcript} tabIndex={0} onScroll={looked} className="h-full overflow-y-auto [overflow-anchor:none] focus-visible:outline-offset-[-2px]">
        <div className="mx-auto flex min-h-full w-full max-w-3xl flex-col px-4 py-6">
          {transcript.isLoadingOlder && <p className="flex items-center justify-center gap-2 py-2 text-xs text-soft"><Spinner />{texts.thread.older}</p>}
          {transcript.loading === 'failed' && (
            <Empty icon="warning" title={texts.thread.failed} text={texts.connection.lost}>
              <Button icon="retry" onClick={() => page.watching.retry(thread.id)}>{texts.thread.retry}</Button>
            </Empty>
          )}
          {isReading && items.length === 0 && <Skeleton label={texts.thread.loading} rows={['ml-auto w-1/3', 'w-2/3', 'w-1/2', 'w-3/5']} />}
          {transcript.loading === 'ready' && items.length === 0 && outgoing.length === 0 && <Empty icon="edit" title={texts.thread.empty} text={texts.thread.emptyText} />}
          <Windowed items={items} keyOf={idOf} render={render} />
          <TurnNotice thread={thread} />
          {outgoing.map((message) => (
            <OutgoingMessage
              key={message.key}
              message={message}
              onRetry={() => page.sending.retry(thread.id, message.key)}
              onDiscard={() => page.sending.discard(thread.id, message.key)}
            />
          ))}
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" onClick={toNewest} className="absolute bottom-3 left-1/2 flex h-8 -translate-x-1/2 items-center gap-1.5 rounded-full border border-line bg-raised px-3 text-xs font-medium shadow-float hover:bg-hover">
          <Icon name="down" className="size-3.5" />
          {texts.thread.newest}
        </button>
      )}
    </div>
  )
}

function idOf(item: Item): string {
  return item.id
}

/** At the end stay at the end; further up stay with what is read, also when earlier items come in above it. */
function useStayInPlace(box: React.RefObject<HTMLDivElement | null>, follows: React.RefObject<boolean>, items: readonly Item[]): void {
  const before = useRef<{ first: string | undefined; height: number }>({ first: undefined, height: 0 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const first = items[0]?.id
    const hasGrownAbove = before.current.first !== undefined && first !== before.current.first
    if (follows.current) element.scrollTop = element.scrollHeight
    else if (hasGrownAbove) element.scrollTop += element.scrollHeight - before.current.height
    before.current = { first, height: element.scrollHeight }
  })
  // What grows without being drawn anew: colours of code, images, fonts.
  useEffect(() => {
    const element = box.current
    const content = element?.firstElementChild
    if (element === null || content == null) return
    const observer = new ResizeObserver(() => {
      if (follows.current) element.scrollTop = element.scrollHeight
      before.current.height = element.scrollHeight
    })
    observer.observe(content)
    observer.observe(element)
    return () => observer.disconnect()
  }, [box, follows])
}

/** What stands on the screen of somebody who looks at it has been read. */
function useMarkRead(thread: ThreadState, isAtEnd: boolean): void {
  const page = usePage()
  const { id, summary, transcript } = thread
  const newest = transcript.items.findLast((item) => item.role === 'assistant' && item.state !== 'partial')
  const isDue = isAtEnd && summary.unread > 0 && transcript.loading === 'ready'
  useEffect(() => {
    if (!isDue || newest === undefined) return
    const mark = (): void => {
      if (document.visibilityState === 'visible') page.threads.markRead(id, newest.id)
    }
    mark()
    document.addEventListener('visibilitychange', mark)
    return () => document.removeEventListener('visibilitychange', mark)
  }, [page, id, isDue, newest])
}
