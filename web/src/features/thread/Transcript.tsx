/** Transcript: what was said, the newest in sight unless somebody reads further up. */
import { useCallback, useEffect, useState } from 'react'
import type { Item } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Boundary } from '../../ui/Boundary'
import { Button } from '../../ui/Button'
import { Empty, Skeleton, Spinner } from '../../ui/States'
import { Windowed } from '../../ui/Windowed'
import { usePage } from '../page'
import { MessageItem } from './MessageItem'
import { OutgoingMessage } from './OutgoingMessage'
import { Scroll } from './Scroll'
import { TurnNotice } from './TurnNotice'

export function Transcript({ thread }: { thread: ThreadState }) {
  const page = usePage()
  const { id, summary, transcript, outgoing } = thread
  const { items } = transcript
  const [isAtEnd, setAtEnd] = useState(true)
  useMarkRead(thread, isAtEnd)
  const readOlder = useCallback(() => void page.watching.readOlder(id), [page, id])
  const render = useCallback((item: Item, before: Item | undefined) => (
    <Boundary otherwise={<p className="py-3 text-sm text-bad">{texts.thread.cannotShow}</p>}>
      <MessageItem item={item} before={before} />
    </Boundary>
  ), [])
  const isReading = transcript.loading === 'absent' || transcript.loading === 'loading'
  return (
    <Scroll items={items} isAtEndFirst onAtEnd={setAtEnd} onEarly={readOlder}>
      {transcript.isLoadingOlder && <p className="flex items-center justify-center gap-2 py-2 text-xs text-soft"><Spinner />{texts.thread.older}</p>}
      {transcript.loading === 'failed' && (
        <Empty icon="warning" title={texts.thread.failed} text={texts.thread.failedText}>
          <Button icon="retry" onClick={() => page.watching.retry(id)}>{texts.thread.retry}</Button>
        </Empty>
      )}
      {isReading && items.length === 0 && <Skeleton label={texts.thread.loading} rows={['ml-auto w-1/3', 'w-2/3', 'w-1/2', 'w-3/5']} />}
      {transcript.loading === 'ready' && items.length === 0 && outgoing.length === 0 && <Empty icon="edit" title={texts.thread.empty} text={summary.archived ? texts.thread.archived : texts.thread.emptyText} />}
      <Windowed items={items} keyOf={idOf} render={render} />
      <TurnNotice thread={thread} />
      {outgoing.map((message) => (
        <OutgoingMessage
          key={message.key}
          message={message}
          onRetry={() => page.sending.retry(id, message.key)}
          onDiscard={() => page.sending.discard(id, message.key)}
        />
      ))}
    </Scroll>
  )
}

function idOf(item: Item): string {
  return item.id
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
