/** Windowed: a long list of which only what is near the screen is in the document. Heights of the rest are remembered. */
import { memo, useEffect, useLayoutEffect, useRef, useState, type ReactNode } from 'react'

const CHUNK = 20
const NEAR = '1200px 0px'

interface WindowedProps<T> {
  items: readonly T[]
  keyOf: (item: T) => string
  render: (item: T, before: T | undefined) => ReactNode
  /** Chunks from the end that always stay: what is being written, and what was just read. */
  kept?: number
}

export function Windowed<T>({ items, keyOf, render, kept = 2 }: WindowedProps<T>) {
  const count = Math.ceil(items.length / CHUNK)
  return Array.from({ length: count }, (_, index) => {
    const chunk = items.slice(index * CHUNK, (index + 1) * CHUNK)
    const first = chunk[0]
    if (first === undefined) return null
    return (
      <Chunk key={keyOf(first)} isKept={index >= count - kept}>
        {() => chunk.map((item, at) => <Row key={keyOf(item)} item={item} before={chunk[at - 1] ?? items[index * CHUNK - 1]} render={render} />)}
      </Chunk>
    )
  })
}

const Row = memo(function Row<T>({ item, before, render }: { item: T; before: T | undefined; render: WindowedProps<T>['render'] }) {
  return <>{render(item, before)}</>
}) as <T>(props: { item: T; before: T | undefined; render: WindowedProps<T>['render'] }) => ReactNode

function Chunk({ isKept, children }: { isKept: boolean; children: () => ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const height = useRef(0)
  const [isNear, setNear] = useState(true)
  useEffect(() => {
    const element = box.current
    if (element === null) return
    const observer = new IntersectionObserver(([entry]) => setNear(entry?.isIntersecting ?? true), { rootMargin: NEAR })
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const isShown = isNear || isKept
  useLayoutEffect(() => {
    if (isShown && box.current !== null) height.current = box.current.offsetHeight
  })
  return (
    <div ref={box} style={isShown ? undefined : { height: height.current }}>
      {isShown && children()}
    </div>
  )
}
