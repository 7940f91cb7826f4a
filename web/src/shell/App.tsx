/** App: the frame of the page: the sidebar beside the thread, or over it where there is little room. */
import { useEffect, useState } from 'react'
import type { Page } from '../actions/page'
import { LoginView } from '../features/login/LoginView'
import { NavigationProvider, useNavigation } from '../features/navigation'
import { NoticeList } from '../features/notices/NoticeList'
import { PageProvider, useSelect, useThread } from '../features/page'
import { SessionPanel } from '../features/panel/SessionPanel'
import { Sidebar } from '../features/sidebar/Sidebar'
import { useTheme } from '../features/sidebar/SideMenu'
import { ThreadView } from '../features/thread/ThreadView'
import { texts } from '../texts'
import { Icon } from '../ui/Icon'

export function App({ page }: { page: Page }) {
  return (
    <PageProvider page={page}>
      <Door />
      <NoticeList />
    </PageProvider>
  )
}

/** Whoever is not logged in sees the door, and nothing of what is behind it. */
function Door() {
  useTheme()
  const isOut = useSelect((state) => state.me === false)
  return isOut ? (
    <LoginView />
  ) : (
    <NavigationProvider>
      <Frame />
    </NavigationProvider>
  )
}

/** What lies over the thread where there is little room, and beside it where there is enough. */
type Side = 'threads' | 'session' | null

function Frame() {
  const [over, setOver] = useState<Side>(null)
  const [hasPanel, setPanel] = useState(false)
  useTitle()
  useEffect(() => {
    const close = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setOver(null)
    }
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [])
  const showPanel = (isShown: boolean): void => {
    setPanel(isShown)
    setOver(isShown ? 'session' : null)
  }
  return (
    <div className="flex h-full">
      <aside className={`fixed inset-y-0 left-0 z-10 w-[19rem] max-w-[85vw] border-r border-line md:static md:block ${over === 'threads' ? 'block shadow-float' : 'hidden'}`}>
        <Sidebar onLeave={() => setOver(null)} onPanel={() => showPanel(!hasPanel || over === 'threads')} />
      </aside>
      {over !== null && <button type="button" aria-label={texts.thread.close} onClick={() => setOver(null)} className={`fixed inset-0 bg-black/40 ${over === 'threads' ? 'md:hidden' : 'lg:hidden'}`} />}
      <main className="flex min-w-0 flex-1 flex-col">
        <ConnectionBanner />
        <ThreadView onMenu={() => setOver('threads')} />
      </main>
      {hasPanel && (
        <aside className={`fixed inset-y-0 right-0 z-10 w-[23rem] max-w-[92vw] border-l border-line lg:static lg:block ${over === 'session' ? 'block shadow-float lg:shadow-none' : 'hidden'}`}>
          <SessionPanel onClose={() => showPanel(false)} />
        </aside>
      )}
    </div>
  )
}

function ConnectionBanner() {
  const connection = useSelect((state) => state.connection)
  if (connection !== 'lost') return null
  return (
    <p role="status" className="flex items-center justify-center gap-2 bg-warn-tint px-4 py-1.5 text-[0.8125rem] text-warn">
      <Icon name="warning" />
      {texts.connection.lost}
    </p>
  )
}

function useTitle(): void {
  const { threadId } = useNavigation()
  const title = useThread(threadId)?.summary.title
  const unread = useSelect((state) => Object.values(state.threads).filter((thread) => thread.summary.unread > 0 && !thread.summary.archived).length)
  useEffect(() => {
    const name = title === undefined ? texts.name : `${title} · ${texts.name}`
    document.title = unread > 0 ? `(${unread}) ${name}` : name
  }, [title, unread])
}
