/** Frame: what lies beside the thread, or over it where there is little room: the list of threads, the session's panel. */
import { createContext, use, useEffect, useMemo, useState, type ReactNode } from 'react'

export interface Frame {
  /** What lies over the thread where there is little room. */
  over: 'threads' | 'session' | null
  hasPanel: boolean
  showThreads: () => void
  togglePanel: () => void
  closePanel: () => void
  /** Whatever lies over the thread gives way to it. */
  showThread: () => void
}

const Context = createContext<Frame | null>(null)

export function FrameProvider({ children }: { children: ReactNode }) {
  const [over, setOver] = useState<Frame['over']>(null)
  const [hasPanel, setPanel] = useState(false)
  useEffect(() => {
    const close = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') setOver(null)
    }
    addEventListener('keydown', close)
    return () => removeEventListener('keydown', close)
  }, [])
  const frame = useMemo<Frame>(() => {
    const showPanel = (isShown: boolean): void => {
      setPanel(isShown)
      setOver(isShown ? 'session' : null)
    }
    return {
      over,
      hasPanel,
      showThreads: () => setOver('threads'),
      // From the list that lies over the thread, the panel is asked for and never closed.
      togglePanel: () => showPanel(!hasPanel || over === 'threads'),
      closePanel: () => showPanel(false),
      showThread: () => setOver(null),
    }
  }, [over, hasPanel])
  return <Context value={frame}>{children}</Context>
}

export function useFrame(): Frame {
  const frame = use(Context)
  if (frame === null) throw new Error('a view outside of the frame')
  return frame
}
