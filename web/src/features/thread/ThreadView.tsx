/** Thread view: one thread: header, transcript, queue and composer. Or the beginning of a new one. */
import { useEffect, useRef, useState } from 'react'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Empty, Skeleton } from '../../ui/States'
import { Composer } from '../composer/Composer'
import { useNavigation } from '../navigation'
import { usePage, useSelect, useSharedWithMe, useThread } from '../page'
import { QueueTray } from '../queue/QueueTray'
import { SharedThread } from '../shared/SharedThread'
import { BeginningView } from './BeginningView'
import { ThreadHeader } from './ThreadHeader'
import { Transcript } from './Transcript'

/** Whoever comes back to the tab has to find out why the thread is gone. */
const TOLD_FOR_MS = 60_000

export function ThreadView() {
  const { threadId } = useNavigation()
  return threadId === null ? <BeginningView /> : <OneThread key={threadId} threadId={threadId} />
}

/** One's own, or somebody else's: what can be done depends on it, so that is asked first. */
function OneThread({ threadId }: { threadId: string }) {
  const page = usePage()
  const { go } = useNavigation()
  const shared = useSharedWithMe(threadId)
  const isAsked = useSelect((state) => state.shared !== null)
  const seen = useRef<string | null>(null)
  useEffect(() => {
    if (shared !== null) seen.current = shared.summary?.title ?? texts.shared.untitled
    else if (isAsked && seen.current !== null) {
      page.notices.tell(texts.shared.taken(seen.current), null, TOLD_FOR_MS)
      go(null)
    }
  }, [page, go, shared, isAsked])
  if (shared !== null) return <SharedThread key={`${shared.share.id} ${shared.share.created_at}`} share={shared.share} />
  // What was somebody else's a moment ago is left, not asked for as one's own.
  return isAsked && seen.current === null ? <OwnThread threadId={threadId} /> : <Waiting />
}

function OwnThread({ threadId }: { threadId: string }) {
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
  if (thread === null) return <Waiting />
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

function Waiting() {
  return (
    <Blank>
      <div className="mx-auto w-full max-w-3xl px-4 py-8">
        <Skeleton label={texts.thread.loading} rows={['w-1/3', 'w-2/3', 'w-1/2']} />
      </div>
    </Blank>
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
