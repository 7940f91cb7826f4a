/** Thread view: one thread: header, transcript, queue and composer. Or the beginning of a new one. */
import { useEffect, useState } from 'react'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Empty, Skeleton } from '../../ui/States'
import { Composer } from '../composer/Composer'
import { useNavigation } from '../navigation'
import { usePage, useSelect, useThread } from '../page'
import { QueueTray } from '../queue/QueueTray'
import { BeginningView } from './BeginningView'
import { ThreadHeader } from './ThreadHeader'
import { Transcript } from './Transcript'

export function ThreadView() {
  const { threadId } = useNavigation()
  return threadId === null ? <BeginningView /> : <OneThread key={threadId} threadId={threadId} />
}

function OneThread({ threadId }: { threadId: string }) {
  const page = usePage()
  const { go } = useNavigation()
  const thread = useThread(threadId)
  const isGone = useSelect((state) => state.gone[threadId] === true)
  const isKnown = thread !== null
  const [isMissing, setMissing] = useState(false)
  const lists = useSelect((state) => state.lists)
  useEffect(() => page.watching.watch(threadId), [page, threadId])
  // A thread that no list shows may be archived, or of a session that has not been read: ask for it.
  useEffect(() => {
    if (isKnown || lists !== 'ready') return
    page.lists.readThread(threadId).catch(() => setMissing(true))
  }, [page, threadId, isKnown, lists])
  if (isGone || (isMissing && thread === null)) {
    return (
      <Blank>
        <Empty icon="search" title={texts.thread.missing} text={texts.thread.missingText}>
          <Button look="main" icon="plus" onClick={() => go(null)}>{texts.threads.new}</Button>
        </Empty>
      </Blank>
    )
  }
  if (thread === null) {
    return (
      <Blank>
        <div className="mx-auto w-full max-w-3xl px-4 py-8">
          <Skeleton label={texts.thread.loading} rows={['w-1/3', 'w-2/3', 'w-1/2']} />
        </div>
      </Blank>
    )
  }
  return (
    <>
      <ThreadHeader thread={thread} />
      <Transcript thread={thread} />
      <div className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4">
        <QueueTray thread={thread} />
        <Composer thread={thread} />
      </div>
    </>
  )
}

function Blank({ children }: { children: React.ReactNode }) {
  return (
    <>
      <ThreadHeader thread={null} />
      <div className="min-h-0 flex-1 overflow-y-auto">{children}</div>
    </>
  )
}
