/** Session switcher: which session is seen, what the others ask for, and where sessions are made, renamed, deleted. */
import { useCallback, useEffect, useId, useRef, useState } from 'react'
import { marksOfSession, sessionsByActivity, type Mark } from '../../state/select'
import type { State } from '../../state/state'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Marks } from '../marks'
import { useNavigation } from '../navigation'
import { useSelect } from '../page'
import { SessionDialog } from './SessionDialog'

export function SessionSwitcher() {
  const { sessionId } = useNavigation()
  const id = useId()
  const list = useRef<HTMLDivElement>(null)
  const button = useRef<HTMLButtonElement>(null)
  const [isOpen, setOpen] = useState(false)
  const [edited, setEdited] = useState<string | null>(null)
  const title = useSelect(useCallback((state: State) => (sessionId === null ? null : (state.sessions[sessionId]?.title ?? null)), [sessionId]))
  useEffect(() => {
    if (isOpen) list.current?.showPopover()
  }, [isOpen])
  const close = (): void => {
    list.current?.hidePopover()
    setOpen(false)
  }
  return (
    <>
      <button
        ref={button}
        type="button"
        aria-label={`${texts.sessions.switcher}: ${title ?? texts.sessions.none}`}
        aria-expanded={isOpen}
        aria-haspopup="dialog"
        aria-controls={isOpen ? id : undefined}
        onClick={() => setOpen(true)}
        className="flex h-9 min-w-0 flex-1 items-center gap-2 rounded-lg px-2 text-left font-semibold hover:bg-hover"
      >
        <img src="/app/icon.svg" alt="" className="size-5 rounded" />
        <span className="min-w-0 truncate">{title ?? texts.sessions.none}</span>
        <OtherMarks sessionId={sessionId} />
        <Icon name="chevron" className="ml-auto size-4 text-soft" />
      </button>
      {isOpen && (
        <div
          ref={list}
          id={id}
          popover="auto"
          role="dialog"
          aria-label={texts.sessions.choose}
          onToggle={(event) => event.newState === 'closed' && setOpen(false)}
          className="fixed top-13 left-3 m-0 max-h-[70vh] w-72 overflow-y-auto rounded-xl border border-line bg-raised p-1 text-ink shadow-float"
        >
          <SessionList close={close} edit={setEdited} />
        </div>
      )}
      {edited !== null && <SessionDialog sessionId={edited === 'new' ? null : edited} onClose={() => setEdited(null)} />}
    </>
  )
}

function SessionList({ close, edit }: { close: () => void; edit: (id: string) => void }) {
  const { sessionId, showSession } = useNavigation()
  const sessions = useSelect(sessionsByActivity)
  return (
    <>
      <ul>
        {sessions.map((session) => (
          <li key={session.id} className="flex items-center gap-1 rounded-lg hover:bg-hover">
            <button
              type="button"
              aria-current={session.id === sessionId ? 'true' : undefined}
              onClick={() => {
                close()
                showSession(session.id)
              }}
              className="flex min-w-0 flex-1 items-center gap-2 rounded-lg px-2.5 py-1.5 text-left text-[0.8125rem]"
            >
              <Icon name="check" className={`size-4 ${session.id === sessionId ? 'text-accent' : 'invisible'}`} />
              <span className="min-w-0 flex-1 truncate">{session.title}</span>
              <SessionMarks sessionId={session.id} />
            </button>
            <IconButton
              icon="edit"
              label={`${texts.sessions.edit}: ${session.title}`}
              onClick={() => {
                close()
                edit(session.id)
              }}
            />
          </li>
        ))}
      </ul>
      {sessions.length > 0 && <hr className="my-1 border-line" />}
      <button
        type="button"
        onClick={() => {
          close()
          edit('new')
        }}
        className="flex w-full items-center gap-2 rounded-lg px-2.5 py-1.5 text-left text-[0.8125rem] hover:bg-hover"
      >
        <Icon name="plus" className="size-4 text-soft" />
        {texts.sessions.new}
      </button>
    </>
  )
}

function SessionMarks({ sessionId }: { sessionId: string }) {
  return <Marks marks={useSelect(useCallback((state: State) => marksOfSession(state, sessionId), [sessionId]))} />
}

/** What the sessions that are not seen ask for. */
function OtherMarks({ sessionId }: { sessionId: string | null }) {
  const marks = useSelect(
    useCallback(
      (state: State) => [...new Set(Object.keys(state.sessions).flatMap((id): readonly Mark[] => (id === sessionId ? [] : marksOfSession(state, id))))],
      [sessionId],
    ),
  )
  return <Marks marks={marks} />
}
