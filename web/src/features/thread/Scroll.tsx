/** Scroll: a conversation that grows: the newest in sight for whoever is there, and nothing that moves for whoever is not. */
import { useCallback, useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react'
import type { Item } from '../../protocol/resources'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { ScrollBox } from '../../ui/Windowed'

const AT_END_PX = 80
const EARLY_PX = 1_500

interface ScrollProps {
  items: readonly Item[]
  /** Whether it begins at the newest, or at the first. */
  isAtEndFirst: boolean
  onAtEnd?: (isAtEnd: boolean) => void
  /** What stands above comes near. */
  onEarly?: () => void
  children: ReactNode
}

export function Scroll({ items, isAtEndFirst, onAtEnd, onEarly, children }: ScrollProps) {
  const box = useRef<HTMLDivElement>(null)
  const [isAtEnd, setAtEnd] = useState(true)
  const follows = useRef(isAtEndFirst)
  useStayInPlace(box, follows, items)
  const looked = useCallback(() => {
    const element = box.current
    if (element === null) return
    const fromEnd = element.scrollHeight - element.scrollTop - element.clientHeight
    follows.current = fromEnd < AT_END_PX
    setAtEnd(follows.current)
    onAtEnd?.(follows.current)
    if (element.scrollTop < EARLY_PX) onEarly?.()
  }, [onAtEnd, onEarly])
  const toNewest = (): void => {
    follows.current = true
    box.current?.scrollTo({ top: box.current.scrollHeight })
  }
  return (
    <div className="relative min-h-0 flex-1">
      <div ref={box} role="log" aria-label={texts.thread.transcript} tabIndex={0} onScroll={looked} className="h-full overflow-y-auto [overflow-anchor:none] focus-visible:outline-offset-[-2px]">
        <div className="mx-auto w-full max-w-3xl px-4 py-6">
          <ScrollBox value={box}>{children}</ScrollBox>
        </div>
      </div>
      {!isAtEnd && (
        <button type="button" onClick={toNewest} className="absolute bottom-3 left-1/2 flex h-8 -translate-x-1/2 items-center gap-1.5 rounded-full border border-line bg-raised px-3 text-xs font-medium shadow-float hover:bg-hover">
          <Icon name="down" className="size-3.5" />
          {texts.thread.newest}
        </button>
      )}
    </div>
  )
}

/** At the end stay at the end; further up stay with what is read, also when earlier items come in above it. */
function useStayInPlace(box: RefObject<HTMLDivElement | null>, follows: RefObject<boolean>, items: readonly Item[]): void {
  const before = useRef<{ first: string | undefined; height: number }>({ first: undefined, height: 0 })
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    const first = items[0]?.id
    const hasGrownAbove = before.current.first !== undefined && first !== before.current.first
    if (follows.current) element.scrollTop = element.scrollHeight
    else if (hasGrownAbove) element.scrollTop += element.scrollHeight - before.current.height
    before.current = { first, height: element.scrollHeight }
  })
  // What grows without being drawn anew: colours of code, images, fonts.
  useEffect(() => {
    const element = box.current
    const content = element?.firstElementChild
    if (element === null || content == null) return
    const observer = new ResizeObserver(() => {
      if (follows.current) element.scrollTop = element.scrollHeight
      before.current.height = element.scrollHeight
    })
    observer.observe(content)
    observer.observe(element)
    return () => observer.disconnect()
  }, [box, follows])
}
