/** Shortcuts dialog: every key that does something here. */
import { texts } from '../../texts'
import { Dialog } from '../../ui/Dialog'
import { keysOf, SHORTCUTS, type Shortcut } from './shortcuts'

const words = texts.shortcuts

type Row = readonly [name: string, keys: readonly string[]]

const ANYWHERE = (Object.keys(SHORTCUTS) as Shortcut[]).map((each): Row => [words.names[each], keysOf(each)])
const IN_MESSAGE: readonly Row[] = [
  [words.others.send, ['Enter']],
  [words.others.line, ['Shift', 'Enter']],
]
const IN_LIST: readonly Row[] = [
  [words.others.rename, ['F2']],
  [words.others.move, ['↑', '↓']],
  [words.others.leave, ['Esc']],
]

export function ShortcutsDialog({ onClose }: { onClose: () => void }) {
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      <div className="space-y-5">
        <Group title={words.anywhere} rows={ANYWHERE} />
        <Group title={words.inMessage} rows={IN_MESSAGE} />
        <Group title={words.inList} rows={IN_LIST} />
      </div>
    </Dialog>
  )
}

function Group({ title, rows }: { title: string; rows: readonly Row[] }) {
  return (
    <section>
      <h3 className="mb-1 text-xs font-semibold text-soft">{title}</h3>
      <dl className="divide-y divide-line text-sm">
        {rows.map(([name, keys]) => (
          <div key={name} className="flex items-center justify-between gap-3 py-1.5">
            <dt>{name}</dt>
            <dd className="flex shrink-0 gap-1">
              {keys.map((key) => (
                <kbd key={key} className="rounded-md border border-line bg-sunken px-1.5 py-px font-sans text-xs font-medium">
                  {key}
                </kbd>
              ))}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  )
}
