/** Listing: the list of a section, or what there is in its place: not yet, not at all, nothing. */
import type { ReactNode } from 'react'
import { texts } from '../texts'
import { Button } from '../ui/Button'
import type { IconName } from '../ui/Icon'
import { Empty, Skeleton } from '../ui/States'
import type { Reading } from './reading'

interface ListingProps<T> {
  reading: Reading<readonly T[]>
  empty: { icon: IconName; title: string; text: string }
  keyOf: (each: T) => string
  children: (each: T) => ReactNode
}

export function Listing<T>({ reading, empty, keyOf, children }: ListingProps<T>) {
  if (reading.value === null) return <Unread reading={reading} />
  if (reading.value.length === 0) return <Empty {...empty} />
  return (
    <ul className="space-y-2">
      {reading.value.map((each) => (
        <li key={keyOf(each)} className="rounded-xl border border-line bg-raised px-3 py-2.5 text-sm">
          {children(each)}
        </li>
      ))}
    </ul>
  )
}

/** In place of what has not been read: that it is coming, or that it did not come. */
export function Unread({ reading }: { reading: Reading<unknown> }) {
  if (!reading.isFailed) return <Skeleton label={texts.panel.loading} rows={['w-2/3', 'w-1/2', 'w-3/5']} />
  return (
    <Empty icon="warning" title={texts.panel.failed} text={texts.panel.failedText}>
      <Button icon="retry" onClick={reading.again}>
        {texts.thread.retry}
      </Button>
    </Empty>
  )
}
