/** Shared thread: what somebody on this server shares with the user by name. None of it is theirs to change. */
import { useEffect, useState } from 'react'
import type { ReceivedShare } from '../../protocol/resources'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { ConnectionBanner } from '../ConnectionBanner'
import { useFrame } from '../frame'
import { usePage, useSelect } from '../page'
import { wholeTime } from '../times'
import { SharedView, useSharedState } from './SharedView'

const words = texts.shared
const ENDED = { title: words.takenTitle, text: words.takenText }

/** To be made anew when the share is: another permission shows something else. */
export function SharedThread({ share }: { share: ReceivedShare }) {
  const page = usePage()
  const { showThreads } = useFrame()
  const [shared] = useState(() => page.sharedThread(share))
  const { standing } = useSharedState(shared)
  // When nothing answers at all, the page has said so already.
  const isLive = useSelect((state) => state.connection === 'live')
  useEffect(() => page.follow(shared), [page, shared])
  useEffect(() => {
    if (standing === 'ended') page.refreshShared()
  }, [page, standing])
  return (
    <>
      {standing === 'lost' && isLive && <ConnectionBanner text={words.lost} />}
      <SharedView
        shared={shared}
        before={<IconButton icon="menu" label={texts.thread.back} onClick={showThreads} className="md:hidden" />}
        line={<Line share={share} />}
        isKnown
        ended={ENDED}
      />
    </>
  )
}

function Line({ share }: { share: ReceivedShare }) {
  return (
    <p className="flex shrink-0 items-center gap-2 border-b border-line bg-sunken px-4 py-2 text-[0.8125rem] text-soft">
      <Icon name="share" className="size-4" />
      <span>
        {words.by(share.by, wholeTime(share.expires_at))} {words.may[share.permission]}
      </span>
    </p>
  )
}
