/** Thread menu: what can be done to a thread, the same in the list and in its header. */
import type { ThreadSummary } from '../../protocol/resources'
import { texts } from '../../texts'
import type { MenuEntry } from '../../ui/Menu'
import { useNavigation } from '../navigation'
import { usePage } from '../page'

export function useThreadMenu(summary: ThreadSummary, rename: () => void): readonly (MenuEntry | null)[] {
  const page = usePage()
  const { go, threadId } = useNavigation()
  const { id, title, pinned, archived } = summary
  const words = texts.threads
  return [
    { label: words.rename, icon: 'edit', run: rename },
    { label: pinned ? words.unpin : words.pin, icon: 'pin', run: () => void page.threads.change(id, { pinned: !pinned }) },
    {
      label: words.fork,
      icon: 'fork',
      run: () => void page.threads.fork(id, null).then((made) => made !== null && go(made)),
    },
    { label: archived ? words.restore : words.archive, icon: 'archive', run: () => void page.threads.change(id, { archived: !archived }) },
    null,
    {
      label: words.delete,
      icon: 'trash',
      isBad: true,
      run: () => {
        page.threads.remove(id, words.deleted(title), words.undo)
        if (threadId === id) go(null)
      },
    },
  ]
}
