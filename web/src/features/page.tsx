/** The page for views: where they find the state, and what a person can do. */
import { createContext, use, useCallback, useRef, useSyncExternalStore, type ReactNode } from 'react'
import type { Page } from '../actions/page'
import type { SharedWithMe, State, ThreadState } from '../state/state'

const Context = createContext<Page | null>(null)

export function PageProvider({ page, children }: { page: Page; children: ReactNode }) {
  return <Context value={page}>{children}</Context>
}

export function usePage(): Page {
  const page = use(Context)
  if (page === null) throw new Error('a view outside of the page')
  return page
}

/** A part of the state. The view is drawn again when that part has changed, member by member. */
export function useSelect<T>(select: (state: State) => T): T {
  const { store } = usePage()
  const last = useRef<{ value: T } | null>(null)
  const get = useCallback(() => {
    const value = select(store.get())
    if (last.current !== null && isSame(last.current.value, value)) return last.current.value
    last.current = { value }
    return value
  }, [store, select])
  return useSyncExternalStore(store.subscribe, get)
}

export function useThread(threadId: string | null): ThreadState | null {
  return useSelect(useCallback((state: State) => (threadId === null ? null : (state.threads[threadId] ?? null)), [threadId]))
}

/** What somebody else shares with the user under this id. */
export function useSharedWithMe(threadId: string | null): SharedWithMe | null {
  return useSelect(useCallback((state: State) => (threadId === null ? null : (state.shared?.[threadId] ?? null)), [threadId]))
}

function isSame(a: unknown, b: unknown): boolean {
  if (Object.is(a, b)) return true
  if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false
  return a.every((each, index) => Object.is(each, b[index]))
}
