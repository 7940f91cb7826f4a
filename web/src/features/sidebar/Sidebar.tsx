/** Sidebar: the sessions, and the threads of the one that is seen. */
import { useState } from 'react'
import { NO_FILTER, threadsOf, type ThreadFilter } from '../../state/select'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { useFrame } from '../frame'
import { useNavigation } from '../navigation'
import { usePage, useSharedWithMe } from '../page'
import { SessionSwitcher } from '../sessions/SessionSwitcher'
import { ShortcutsDialog } from '../shortcuts/ShortcutsDialog'
import { useShortcuts } from '../shortcuts/useShortcuts'
import { Filters } from './Filters'
import { SharedList } from './SharedList'
import { SideMenu } from './SideMenu'
import { ThreadList } from './ThreadList'

export function Sidebar() {
  const page = usePage()
  const { showThread, showThreads, togglePanel } = useFrame()
  const { go, sessionId, threadId } = useNavigation()
  const [filter, setFilter] = useState<ThreadFilter>(NO_FILTER)
  const [isHelping, setHelping] = useState(false)
  const isOwn = useSharedWithMe(threadId) === null
  const begin = (): void => {
    go(null)
    showThread()
    focus('#message')
  }
  /** To the next or previous thread as they are listed now, or to the next that has something unread. */
  const step = (by: 1 | -1, isFit: (thread: ThreadState) => boolean = () => true): void => {
    const listed = threadsOf(page.store.get(), sessionId, filter)
    const here = listed.findIndex((thread) => thread.id === threadId)
    const from = here < 0 && by < 0 ? 0 : here
    const order = listed.map((_, distance) => listed[(from + by * (distance + 1) + 2 * listed.length) % listed.length])
    const next = order.find((thread) => thread !== undefined && isFit(thread))
    if (next !== undefined) go(next.id)
  }
  useShortcuts({
    next: () => step(1),
    previous: () => step(-1),
    unread: () => step(1, (thread) => thread.summary.unread > 0),
    begin,
    search: () => {
      // Where there is little room the list is not to be seen before the next frame.
      if (document.querySelector('#search')?.checkVisibility() === false) showThreads()
      requestAnimationFrame(() => focus('#search'))
    },
    message: () => focus('#message'),
    panel: () => isOwn && togglePanel(),
    help: () => setHelping(true),
  })
  return (
    <div className="flex h-full min-h-0 flex-col bg-side">
      <div className="flex items-center gap-1 p-3 pb-2">
        <SessionSwitcher />
        {isOwn && <IconButton icon="panel" label={texts.panel.open} onClick={togglePanel} className="md:hidden" />}
        <SideMenu />
      </div>
      <div className="px-3 pb-2">
        <Button
          look="main"
          icon="plus"
          className="h-9 w-full"
          aria-keyshortcuts="Alt+N"
          onClick={begin}
        >
          {texts.threads.new}
        </Button>
      </div>
      <Filters filter={filter} sessionId={sessionId} onChange={setFilter} />
      <nav aria-label={texts.threads.list} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        <ThreadList sessionId={sessionId} filter={filter} onClearFilter={() => setFilter(NO_FILTER)} />
        <SharedList filter={filter} />
      </nav>
      {isHelping && <ShortcutsDialog onClose={() => setHelping(false)} />}
    </div>
  )
}

function focus(selector: string): void {
  document.querySelector<HTMLElement>(selector)?.focus()
}
