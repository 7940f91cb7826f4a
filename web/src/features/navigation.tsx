/** Navigation: which thread and session are seen. It changes what is shown, never what runs. */
import { createContext, use, useCallback, useEffect, useMemo, useRef, useState, type MouseEvent, type ReactNode, type RefObject } from 'react'
import { NEW } from '../actions/drafts'
import { isThreadId } from '../protocol/ids'
import { sessionsByActivity } from '../state/select'
import type { State } from '../state/state'
import { usePage, useSelect } from './page'

export interface Navigation {
  threadId: string | null
  /** null on a server that has no session yet: the default one is made with the first thread. */
  sessionId: string | null
  go: (threadId: string | null) => void
  showSession: (sessionId: string) => void
  /** For a link: goes there without a new page, unless a new tab was asked for. */
  follow: (event: MouseEvent, threadId: string) => void
}

const Context = createContext<Navigation | null>(null)

export function addressOf(threadId: string | null): string {
  return threadId === null ? '/' : `/t/${threadId}`
}

function threadIdOf(path: string): string | null {
  const id = path.startsWith('/t/') ? path.slice(3) : null
  return isThreadId(id) ? id : null
}

export function NavigationProvider({ children }: { children: ReactNode }) {
  const page = usePage()
  const [threadId, setThreadId] = useState(() => threadIdOf(location.pathname))
  const [chosen, choose] = useState<string | null>(null)
  const ofThread = useSelect(useCallback((state: State) => (threadId === null ? null : (state.threads[threadId]?.summary.session_id ?? null)), [threadId]))
  const known = useSelect(sessionIds)
  const stillThere = chosen !== null && known.includes(chosen) ? chosen : null
  const sessionId = ofThread ?? stillThere ?? known[0] ?? null

  const isTouched = useRef(false)
  const go = useCallback((id: string | null) => {
    isTouched.current = true
    setThreadId(id)
    if (location.pathname !== addressOf(id)) history.pushState(null, '', addressOf(id))
  }, [])
  const showSession = useCallback(
    (id: string) => {
      choose(id)
      go(null)
    },
    [go],
  )
  const follow = useCallback(
    (event: MouseEvent, id: string) => {
      if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return
      event.preventDefault()
      go(id)
    },
    [go],
  )

  useEffect(() => {
    const back = (): void => setThreadId(threadIdOf(location.pathname))
    addEventListener('popstate', back)
    return () => removeEventListener('popstate', back)
  }, [])
  // A new thread belongs to the session that is seen, also when the thread before it is left.
  useEffect(() => {
    if (ofThread !== null) choose(ofThread)
  }, [ofThread])
  useEffect(() => {
    if (sessionId !== null) void page.lists.show(sessionId).catch(() => undefined)
  }, [page, sessionId])
  useEffect(() => {
    if (threadId !== null && ofThread !== null) page.sessions.viewed(ofThread, threadId)
  }, [page, threadId, ofThread])
  useLastViewed(sessionId, isTouched, go)

  const value = useMemo(() => ({ threadId, sessionId, go, showSession, follow }), [threadId, sessionId, go, showSession, follow])
  return <Context value={value}>{children}</Context>
}

/** Once, when the page begins at its plain address: show what was seen last. */
function useLastViewed(sessionId: string | null, isTouched: RefObject<boolean>, go: (id: string | null) => void): void {
  const page = usePage()
  const [isAsked, setAsked] = useState(location.pathname !== '/')
  useEffect(() => {
    if (isAsked || sessionId === null) return
    setAsked(true)
    void page.sessions.lastViewed(sessionId).then((id) => {
      const thread = id === null ? undefined : page.store.get().threads[id]
      // Whoever has begun something meanwhile is not led away from it.
      const hasBegun = isTouched.current || page.store.get().beginnings.length > 0 || page.drafts.get(NEW) !== ''
      if (thread !== undefined && !thread.summary.archived && !hasBegun) go(thread.id)
    })
  }, [page, sessionId, isAsked, isTouched, go])
}

function sessionIds(state: State): string[] {
  return sessionsByActivity(state).map((session) => session.id)
}

export function useNavigation(): Navigation {
  const navigation = use(Context)
  if (navigation === null) throw new Error('a view outside of the page')
  return navigation
}
