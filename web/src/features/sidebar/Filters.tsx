/** Filters: which of the threads are listed. */
import { useCallback, useEffect } from 'react'
import { tagsOf, type ThreadFilter } from '../../state/select'
import type { State } from '../../state/state'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { usePage, useSelect } from '../page'

const ONLY: readonly ThreadFilter['only'][] = ['all', 'unread', 'running', 'archived']
const SEARCH_AFTER_MS = 250

interface FiltersProps {
  filter: ThreadFilter
  sessionId: string | null
  onChange: (filter: ThreadFilter) => void
}

export function Filters({ filter, sessionId, onChange }: FiltersProps) {
  const page = usePage()
  const tags = useSelect(useCallback((state: State) => tagsOf(state, sessionId), [sessionId]))
  useEffect(() => {
    if (filter.only === 'archived' && sessionId !== null) page.lists.readArchived(sessionId).catch((error: unknown) => page.notices.fail(error))
  }, [page, filter.only, sessionId])
  useServerSearch(filter, sessionId, onChange)
  return (
    <div className="space-y-2 px-3 pb-2">
      <div className="relative">
        <Icon name="search" className="pointer-events-none absolute top-2 left-2.5 size-4 text-soft" />
        <input
          id="search"
          type="search"
          aria-keyshortcuts="Control+K Meta+K"
          aria-label={texts.threads.search}
          placeholder={texts.threads.search}
          value={filter.text}
          onChange={(event) => onChange({ ...filter, text: event.target.value, found: null })}
          className="h-8 w-full rounded-lg border border-line bg-ground pr-2 pl-8 text-[0.8125rem] placeholder:text-soft"
        />
      </div>
      <div className="flex items-center gap-1">
        <div role="group" aria-label={texts.threads.filter} className="flex flex-1 gap-0.5">
          {ONLY.map((only) => (
            <button
              key={only}
              type="button"
              aria-pressed={filter.only === only}
              onClick={() => onChange({ ...filter, only })}
              className={`h-7 rounded-md px-1.5 text-xs font-medium ${filter.only === only ? 'bg-hover text-ink' : 'text-soft hover:bg-hover'}`}
            >
              {texts.threads[only]}
            </button>
          ))}
        </div>
        {tags.length > 0 && (
          <select
            aria-label={texts.threads.tag}
            value={filter.tag ?? ''}
            onChange={(event) => onChange({ ...filter, tag: event.target.value || null })}
            className="h-7 w-[4.5rem] min-w-0 truncate rounded-md bg-transparent text-xs text-soft hover:bg-hover"
          >
            <option value="">{texts.threads.everyTag}</option>
            {tags.map((tag) => (
              <option key={tag}>{tag}</option>
            ))}
          </select>
        )}
      </div>
    </div>
  )
}

/** Words that stand deeper than the list shows are found by the server, a moment after the last key. */
function useServerSearch(filter: ThreadFilter, sessionId: string | null, onChange: (filter: ThreadFilter) => void): void {
  const page = usePage()
  useEffect(() => {
    if (filter.text.trim().length < 2 || filter.found !== null) return
    const timer = setTimeout(() => {
      page.lists
        .search(filter.text, sessionId)
        .then((found) => onChange({ ...filter, found: found.map((thread) => thread.id) }))
        .catch(() => undefined)
    }, SEARCH_AFTER_MS)
    return () => clearTimeout(timer)
  }, [page, filter, sessionId, onChange])
}
