/** Marks: what a thread or a session asks for, as small signs with names. */
import type { Mark } from '../state/select'
import { texts } from '../texts'
import { Icon, type IconName } from '../ui/Icon'
import { Spinner } from '../ui/States'

const LOOKS: Record<Exclude<Mark, 'running' | 'unread' | 'queued'>, { icon: IconName; className: string }> = {
  approval: { icon: 'hand', className: 'text-warn' },
  review: { icon: 'warning', className: 'text-warn' },
  failed: { icon: 'warning', className: 'text-bad' },
  paused: { icon: 'pause', className: 'text-soft' },
  comments: { icon: 'comment', className: 'text-accent' },
}

export function Marks({ marks }: { marks: readonly Mark[] }) {
  return marks.map((mark) => <MarkSign key={mark} mark={mark} />)
}

function MarkSign({ mark }: { mark: Mark }) {
  return (
    <span role="img" aria-label={texts.marks[mark]} title={texts.marks[mark]} className="inline-flex">
      <Sign mark={mark} />
    </span>
  )
}

function Sign({ mark }: { mark: Mark }) {
  if (mark === 'running') return <Spinner className="size-3.5 text-accent" />
  if (mark === 'unread') return <span className="size-2 rounded-full bg-accent" />
  if (mark === 'queued') return <Icon name="clock" className="size-3.5 text-soft" />
  const { icon, className } = LOOKS[mark]
  return <Icon name={icon} className={`size-3.5 ${className}`} />
}
