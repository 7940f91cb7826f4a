/** Shared app: the page of a link, without anything of those who have logged in. */
import { useEffect } from 'react'
import type { Shared } from '../actions/shared'
import { ConnectionBanner } from '../features/ConnectionBanner'
import { SharedView, useSharedState } from '../features/shared/SharedView'
import { useTheme } from '../features/theme'
import { texts } from '../texts'
import { Badge } from '../ui/States'

const words = texts.shared
const ENDED = { title: words.ended, text: words.endedText }

export function SharedApp({ shared }: { shared: Shared }) {
  useTheme()
  const { thread, standing } = useSharedState(shared)
  const title = thread?.title
  useEffect(() => {
    document.title = title === undefined ? texts.name : `${title} · ${texts.name}`
  }, [title])
  return (
    <main className="flex h-full flex-col">
      {standing === 'lost' && <ConnectionBanner text={words.lost} />}
      <SharedView
        shared={shared}
        before={<img src="/app/icon.svg" alt="" className="size-6 rounded-md" />}
        behind={<span className="max-sm:hidden"><Badge>{words.badge}</Badge></span>}
        isKnown={false}
        ended={ENDED}
      />
    </main>
  )
}
