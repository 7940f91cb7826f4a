/** Shared comments: what has been said about a thread of somebody else, and the place to say more. */
import { useState, type SubmitEvent } from 'react'
import type { Shared } from '../../actions/shared'
import { isProblem } from '../../protocol/problem'
import type { Comment } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { LongTextField, TextField } from '../../ui/Field'
import { Empty, Refusal } from '../../ui/States'
import { CommentRow } from '../sharing/CommentRow'

const words = texts.comments

interface SharedCommentsProps {
  shared: Shared
  comments: readonly Comment[]
  /** Whoever is not known chooses a name. */
  isKnown: boolean
  onClose: () => void
}

export function SharedComments({ shared, comments, isKnown, onClose }: SharedCommentsProps) {
  return (
    <div className="flex h-full min-h-0 flex-col">
      <div className="flex h-14 shrink-0 items-center justify-between gap-2 border-b border-line pr-3 pl-4">
        <h2 className="font-semibold">{words.title}</h2>
        <IconButton icon="close" label={words.close} onClick={onClose} />
      </div>
      <div tabIndex={0} role="region" aria-label={words.list} className="min-h-0 flex-1 overflow-y-auto p-4">
        {comments.length === 0 && <Empty icon="comment" title={words.none} text={words.guestText} />}
        <ul aria-live="polite" className="space-y-2">
          {comments.map((comment) => (
            <li key={comment.id} className="rounded-xl border border-line bg-raised px-3 py-2.5 text-sm">
              <CommentRow comment={comment} />
            </li>
          ))}
        </ul>
      </div>
      <NewComment shared={shared} isKnown={isKnown} />
    </div>
  )
}

function NewComment({ shared, isKnown }: { shared: Shared; isKnown: boolean }) {
  const [name, setName] = useState('')
  const [text, setText] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const add = async (event: SubmitEvent): Promise<void> => {
    event.preventDefault()
    try {
      await shared.comment(text, name.trim())
      setText('')
      setProblem(null)
    } catch (error) {
      setProblem(isProblem(error) ? error.detail : String(error))
    }
  }
  return (
    <form onSubmit={(event) => void add(event)} className="border-t border-line p-4">
      {!isKnown && <TextField label={words.name} value={name} maxLength={100} autoComplete="nickname" placeholder={words.guest} onChange={(event) => setName(event.target.value)} />}
      <LongTextField label={words.new} value={text} rows={3} required maxLength={10_000} onChange={(event) => setText(event.target.value)} />
      {problem !== null && <Refusal className="mb-3">{problem}</Refusal>}
      <div className="flex justify-end">
        <Button look="main" icon="send" type="submit" disabled={text.trim() === ''}>
          {words.add}
        </Button>
      </div>
    </form>
  )
}
