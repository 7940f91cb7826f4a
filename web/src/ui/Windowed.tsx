/** Windowed: a long list of which only what is near the screen is in the document. Heights of the rest are remembered. */
import { createContext, memo, startTransition, use, useEffect, useLayoutEffect, useRef, useState, type ReactNode, type RefObject } from 'react'

const CHUNK = 10
const NEAR = '1500px 0px'
/** How high an item is guessed to be before any was seen. */
const GUESS_PX = 120

/** The element that scrolls: what is near is told by its edges, and it stands still while what is above it grows. */
export const ScrollBox = createContext<RefObject<HTMLElement | null> | null>(null)

interface WindowedProps<T> {
  items: readonly T[]
  keyOf: (item: T) => string
  render: (item: T, before: T | undefined) => ReactNode
  /** Chunks from the end that always stay: what is being written, and what was just read. */
  kept?: number
}

export function Windowed<T>({ items, keyOf, render, kept = 2 }: WindowedProps<T>) {
  const seen = useRef({ height: GUESS_PX, items: 1 })
  const count = Math.ceil(items.length / CHUNK)
  return Array.from({ length: count }, (_, index) => {
    const chunk = items.slice(index * CHUNK, (index + 1) * CHUNK)
    const first = chunk[0]
    if (first === undefined) return null
    return (
      <Chunk key={keyOf(first)} size={chunk.length} seen={seen} isKept={index >= count - kept}>
        {() => chunk.map((item, at) => <Row key={keyOf(item)} item={item} before={chunk[at - 1] ?? items[index * CHUNK - 1]} render={render} />)}
      </Chunk>
    )
  })
}

const Row = memo(function Row<T>({ item, before, render }: { item: T; before: T | undefined; render: WindowedProps<T>['render'] }) {
  return <>{render(item, before)}</>
}) as <T>(props: { item: T; before: T | undefined; render: WindowedProps<T>['render'] }) => ReactNode

interface ChunkProps {
  size: number
  /** The items whose heights are known, together: the others are guessed to be like them. */
  seen: RefObject<{ height: number; items: number }>
  isKept: boolean
  children: () => ReactNode
}

function Chunk({ size, seen, isKept, children }: ChunkProps) {
  const scroll = use(ScrollBox)
  const box = useRef<HTMLDivElement>(null)
  const [isNear, setNear] = useState(false)
  /** How high it is while it is empty; null: it has never been seen. */
  const [height, setHeight] = useState<number | null>(null)
  const isShown = isNear || isKept
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new IntersectionObserver(
      ([entry]) => {
        if (entry === undefined) return
        const isHeld = element.contains(document.activeElement)
        // Drawn in pieces between frames: whoever scrolls does not wait for what is not to be seen yet.
        startTransition(() => {
          setNear(entry.isIntersecting || isHeld)
          if (!entry.isIntersecting && element.childElementCount > 0) setHeight(entry.boundingClientRect.height)
        })
      },
      { root: scroll?.current ?? null, rootMargin: NEAR },
    )
    observer.observe(element)
    return () => observer.disconnect()
  }, [scroll])
  const empty = height ?? (seen.current.height / seen.current.items) * size
  const before = useRef(0)
  useLayoutEffect(() => {
    const element = box.current
    if (element === null) return
    if (!isShown) {
      before.current = empty
      return
    }
    const now = element.offsetHeight
    if (height === null) seen.current = { height: seen.current.height + now, items: seen.current.items + size }
    const scroller = scroll?.current
    if (scroller != null && before.current > 0 && isAbove(element, scroller)) scroller.scrollTop += now - before.current
    // Measured once, when it comes into being: whatever grows later is told by the browser.
    // eslint-disable-next-line react-hooks/exhaustive-deps -- see the line above
  }, [isShown])
  return (
    <div ref={box} className="[contain:layout_style]" style={isShown ? undefined : { height: empty }}>
      {isShown && children()}
    </div>
  )
}

/** Whether it begins above what is seen: what is seen would move when it grows. */
function isAbove(element: HTMLElement, scroller: HTMLElement): boolean {
  return element.getBoundingClientRect().top < scroller.getBoundingClientRect().top
}
