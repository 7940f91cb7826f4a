/** Sidebar: the sessions, and the threads of the one that is seen. */
import { useState } from 'react'
import { NO_FILTER, type ThreadFilter } from '../../state/select'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { useNavigation } from '../navigation'
import { SessionSwitcher } from '../sessions/SessionSwitcher'
import { Filters } from './Filters'
import { SideMenu } from './SideMenu'
import { ThreadList } from './ThreadList'

export function Sidebar({ onLeave, onPanel }: { onLeave: () => void; onPanel: () => void }) {
  const { go, sessionId } = useNavigation()
  const [filter, setFilter] = useState<ThreadFilter>(NO_FILTER)
  return (
    <div className="flex h-full min-h-0 flex-col bg-side">
      <div className="flex items-center gap-1 p-3 pb-2">
        <SessionSwitcher />
        <IconButton icon="panel" label={texts.panel.open} onClick={onPanel} />
        <SideMenu />
      </div>
      <div className="px-3 pb-2">
        <Button
          look="main"
          icon="plus"
          className="h-9 w-full"
          onClick={() => {
            go(null)
            onLeave()
            document.querySelector<HTMLElement>('#message')?.focus()
          }}
        >
          {texts.threads.new}
        </Button>
      </div>
      <Filters filter={filter} sessionId={sessionId} onChange={setFilter} />
      <nav aria-label={texts.threads.list} className="min-h-0 flex-1 overflow-y-auto px-2 pb-4">
        <ThreadList sessionId={sessionId} filter={filter} onClearFilter={() => setFilter(NO_FILTER)} onLeave={onLeave} />
      </nav>
    </div>
  )
}
