/** Thread header: the title, who answers, and what can be done to the thread. */
import { useState, type ReactNode } from 'react'
import { isRunning } from '../../state/select'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Menu, type MenuEntry } from '../../ui/Menu'
import { useFrame } from '../frame'
import { usePage, useSelect } from '../page'
import { CommentsDialog } from '../sharing/CommentsDialog'
import { ShareDialog } from '../sharing/ShareDialog'
import { useThreadMenu } from '../sidebar/thread-menu'
import { TitleEditor } from '../sidebar/TitleEditor'
import { SaveTemplateDialog } from '../templates/SaveTemplateDialog'
import { ThreadSettingsDialog } from './ThreadSettingsDialog'

export function ThreadHeader({ thread, children }: { thread: ThreadState | null; children?: ReactNode }) {
  const { hasPanel, showThreads, togglePanel } = useFrame()
  return (
    <header className="flex h-14 shrink-0 items-center gap-2 border-b border-line px-3 sm:px-4">
      <IconButton icon="menu" label={texts.thread.back} onClick={showThreads} className="md:hidden" />
      {thread === null ? <div className="min-w-0 flex-1">{children}</div> : <Title thread={thread} />}
      {thread !== null && (
        <AgentChooser
          agent={thread.summary.agent_id}
          isDisabled={isRunning(thread.summary)}
          onChoose={thread.id}
        />
      )}
      {thread !== null && <HeaderMenu thread={thread} />}
      <IconButton icon="panel" label={hasPanel ? texts.panel.hide : texts.panel.open} aria-pressed={hasPanel} onClick={togglePanel} className="aria-pressed:bg-hover max-md:hidden" />
    </header>
  )
}

function Title({ thread }: { thread: ThreadState }) {
  const [isRenaming, setRenaming] = useState(false)
  if (isRenaming) {
    return (
      <div className="flex min-w-0 flex-1">
        <TitleEditor threadId={thread.id} title={thread.summary.title} onDone={() => setRenaming(false)} />
      </div>
    )
  }
  return (
    <h1 className="min-w-0 flex-1">
      <button type="button" title={texts.threads.rename} onClick={() => setRenaming(true)} className="-mx-1.5 block max-w-full truncate rounded-md px-1.5 py-0.5 text-left text-[0.9375rem] font-semibold hover:bg-hover">
        {thread.summary.title}
      </button>
    </h1>
  )
}

type Asked = 'settings' | 'share' | 'comments' | 'template'

function HeaderMenu({ thread }: { thread: ThreadState }) {
  const [isRenaming, setRenaming] = useState(false)
  const [asked, ask] = useState<Asked | null>(null)
  const entries = useThreadMenu(thread.summary, () => setRenaming(true))
  const more: MenuEntry[] = [
    { label: texts.threads.settings, icon: 'settings', run: () => ask('settings') },
    { label: texts.sharing.menu, icon: 'share', run: () => ask('share') },
    { label: texts.comments.title, icon: 'comment', run: () => ask('comments') },
    { label: texts.templates.save, icon: 'copy', run: () => ask('template') },
  ]
  const close = (): void => ask(null)
  if (isRenaming) return <TitleEditor threadId={thread.id} title={thread.summary.title} onDone={() => setRenaming(false)} />
  return (
    <>
      {thread.newComments > 0 && (
        <Button icon="comment" aria-label={texts.comments.fresh(thread.newComments)} title={texts.comments.fresh(thread.newComments)} onClick={() => ask('comments')}>
          {thread.newComments}
        </Button>
      )}
      <Menu label={texts.threads.menuHere} entries={[...more, null, ...entries]} className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-soft hover:bg-hover hover:text-ink">
        <Icon name="more" />
      </Menu>
      {asked === 'settings' && <ThreadSettingsDialog thread={thread} onClose={close} />}
      {asked === 'share' && <ShareDialog threadId={thread.id} onClose={close} />}
      {asked === 'comments' && <CommentsDialog threadId={thread.id} onClose={close} />}
      {asked === 'template' && <SaveTemplateDialog summary={thread.summary} onClose={close} />}
    </>
  )
}

/** The combo box of agents: of a thread that exists, or of the one that is about to. */
export function AgentChooser({ agent, isDisabled = false, onChoose }: { agent: string; isDisabled?: boolean; onChoose: string | ((agent: string) => void) }) {
  const page = usePage()
  const agents = useSelect((state) => state.agents)
  const isKnown = agents.some((each) => each.name === agent)
  return (
    <select
      aria-label={texts.thread.agent}
      value={agent}
      disabled={isDisabled}
      onChange={(event) => {
        const name = event.target.value
        if (typeof onChoose === 'string') void page.threads.change(onChoose, { agent_id: name })
        else onChoose(name)
      }}
      className="h-8 max-w-[9.5rem] min-w-0 rounded-lg border border-line bg-raised px-2 text-[0.8125rem] hover:bg-hover disabled:opacity-60"
    >
      {!isKnown && <option value={agent}>{agent}</option>}
      {agents.map((each) => (
        <option key={each.name} value={each.name} disabled={!each.available}>
          {each.title}
        </option>
      ))}
    </select>
  )
}
