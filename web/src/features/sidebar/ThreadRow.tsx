/** Thread row: one thread in the list: its title, what it said last, what it asks for, and its menu. */
import { memo, useState } from 'react'
import type { ThreadSummary } from '../../protocol/resources'
import { activeAt, type Mark } from '../../state/select'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { Menu } from '../../ui/Menu'
import { Marks } from '../marks'
import { useFrame } from '../frame'
import { addressOf, useNavigation } from '../navigation'
import { shortTime } from '../times'
import { plainLine } from './plain-line'
import { TitleEditor } from './TitleEditor'
import { useThreadMenu } from './thread-menu'

interface ThreadRowProps {
  summary: ThreadSummary
  /** Joined by spaces, so that a row that has not changed is not drawn again. */
  marks: string
  isSeen: boolean
}

export const ThreadRow = memo(function ThreadRow({ summary, marks, isSeen }: ThreadRowProps) {
  const { follow } = useNavigation()
  const { showThread } = useFrame()
  const [isRenaming, setRenaming] = useState(false)
  const entries = useThreadMenu(summary, () => setRenaming(true))
  const signs = marks === '' ? [] : (marks.split(' ') as Mark[])
  const isUnread = signs.includes('unread')
  return (
    <li className={`group relative rounded-lg ${isSeen ? 'bg-hover' : 'hover:bg-hover/60'}`}>
      <div className="flex items-center gap-1.5 px-2 py-1.5 pointer-coarse:pr-10">
        <div className="min-w-0 flex-1">
          <div className="flex items-center gap-1.5">
            {summary.pinned && <Icon name="pin" className="size-3 text-soft" />}
            {isRenaming ? (
              <TitleEditor threadId={summary.id} title={summary.title} onDone={() => setRenaming(false)} />
            ) : (
              <a
                href={addressOf(summary.id)}
                aria-current={isSeen ? 'page' : undefined}
                onClick={(event) => {
                  follow(event, summary.id)
                  showThread()
                }}
                onDoubleClick={() => setRenaming(true)}
                onKeyDown={(event) => event.key === 'F2' && setRenaming(true)}
                className={`min-w-0 flex-1 truncate text-[0.84375rem] before:absolute before:inset-0 before:rounded-lg focus-visible:outline-none focus-visible:before:outline-2 focus-visible:before:-outline-offset-2 focus-visible:before:outline-accent ${isUnread ? 'font-semibold' : 'font-medium'}`}
              >
                {summary.title}
              </a>
            )}
            <Marks marks={signs} />
          </div>
          <div className="flex items-baseline gap-2 text-xs text-soft">
            <span className="min-w-0 flex-1 truncate">{summary.queue_depth > 0 ? texts.threads.queued(summary.queue_depth) : plainLine(summary.last_message ?? summary.agent_id)}</span>
            <time dateTime={activeAt(summary)} className="tabular-nums pointer-fine:group-focus-within:invisible pointer-fine:group-hover:invisible">{shortTime(activeAt(summary))}</time>
          </div>
        </div>
        <Menu
          label={texts.threads.menu(summary.title)}
          entries={entries}
          className="absolute top-1/2 right-1.5 inline-flex size-7 -translate-y-1/2 items-center justify-center rounded-md text-soft opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 hover:text-ink aria-expanded:opacity-100 pointer-coarse:opacity-100 pointer-fine:bg-hover pointer-fine:hover:bg-side"
        >
          <Icon name="more" />
        </Menu>
      </div>
    </li>
  )
})
