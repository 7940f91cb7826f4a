/** Notice list: what just happened, for some seconds, with a way back where there is one. */
import { useSyncExternalStore } from 'react'
import { createPortal } from 'react-dom'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { useFront } from '../../ui/front'
import { usePage } from '../page'

export function NoticeList() {
  const { notices } = usePage()
  const shown = useSyncExternalStore(notices.subscribe, notices.get)
  const front = useFront()
  return createPortal(
    <div role="status" aria-label={texts.notices.region} className="pointer-events-none fixed inset-x-0 top-16 z-20 flex flex-col items-center gap-2 px-4">
      {shown.map(({ id, text, tone, action }) => (
        <div
          key={id}
          className={`pointer-events-auto flex max-w-lg items-center gap-2 rounded-xl border py-1.5 pr-1.5 pl-4 text-sm shadow-float ${tone === 'problem' ? 'border-bad/30 bg-bad-tint text-bad' : 'border-line bg-raised'}`}
        >
          <span className="min-w-0 break-words">{text}</span>
          {action !== null && (
            <Button
              look="quiet"
              className="text-accent"
              onClick={() => {
                notices.dismiss(id)
                action.run()
              }}
            >
              {action.label}
            </Button>
          )}
          <IconButton icon="close" label={texts.notices.dismiss} onClick={() => notices.dismiss(id)} />
        </div>
      ))}
    </div>,
    front,
  )
}
