/** App: the frame of the page: the sidebar beside the thread, or over it where there is little room. */
import { useEffect } from 'react'
import type { Page } from '../actions/page'
import { ConnectionBanner } from '../features/ConnectionBanner'
import { FrameProvider, useFrame } from '../features/frame'
import { LoginView } from '../features/login/LoginView'
import { NavigationProvider, useNavigation } from '../features/navigation'
import { NoticeList } from '../features/notices/NoticeList'
import { PageProvider, useSelect, useSharedWithMe, useThread } from '../features/page'
import { SessionPanel } from '../features/panel/SessionPanel'
import { Sidebar } from '../features/sidebar/Sidebar'
import { useTheme } from '../features/theme'
import { ThreadView } from '../features/thread/ThreadView'
import { texts } from '../texts'

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
      <FrameProvider>
        <Layout />
      </FrameProvider>
    </NavigationProvider>
  )
}

function Layout() {
  const { over, hasPanel, showThread } = useFrame()
  const isLost = useSelect((state) => state.connection === 'lost')
  // Beside what somebody else shares, one's own session has nothing to say.
  const isOwn = useSharedWithMe(useNavigation().threadId) === null
  useTitle()
  return (
    <div className="flex h-full">
      <aside className={`fixed inset-y-0 left-0 z-10 w-[19rem] max-w-[85vw] border-r border-line md:static md:block ${over === 'threads' ? 'block shadow-float' : 'hidden'}`}>
        <Sidebar />
      </aside>
      {over !== null && <button type="button" aria-label={texts.thread.close} onClick={showThread} className={`fixed inset-0 bg-black/40 ${over === 'threads' ? 'md:hidden' : 'lg:hidden'}`} />}
      <main className="flex min-w-0 flex-1 flex-col">
        {isLost && <ConnectionBanner text={texts.connection.lost} />}
        <ThreadView />
      </main>
      {hasPanel && isOwn && (
        <aside className={`fixed inset-y-0 right-0 z-10 w-[23rem] max-w-[92vw] border-l border-line lg:static lg:block ${over === 'session' ? 'block shadow-float lg:shadow-none' : 'hidden'}`}>
          <SessionPanel />
        </aside>
      )}
    </div>
  )
}

function useTitle(): void {
  const { threadId } = useNavigation()
  const shared = useSharedWithMe(threadId)?.summary
  const title = (useThread(threadId)?.summary ?? shared)?.title
  const unread = useSelect((state) => Object.values(state.threads).filter((thread) => thread.summary.unread > 0 && !thread.summary.archived).length)
  useEffect(() => {
    const name = title === undefined ? texts.name : `${title} · ${texts.name}`
    document.title = unread > 0 ? `(${unread}) ${name}` : name
  }, [title, unread])
}
