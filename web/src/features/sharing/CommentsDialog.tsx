/** Comments dialog: what those with whom a thread is shared, and its owner, say about it. No agent is given it. */
import { useEffect, useState, type SubmitEvent } from 'react'
import type { Client } from '../../protocol/client'
import type { EventType } from '../../protocol/event'
import { newKey } from '../../protocol/ids'
import { everything } from '../../protocol/pages'
import type { Comment } from '../../protocol/resources'
import { texts } from '../../texts'
import { Button, IconButton } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { LongTextField } from '../../ui/Field'
import { Listing } from '../Listing'
import { usePage, useThread } from '../page'
import { useReading } from '../reading'
import { useTried } from '../tried'
import { CommentRow } from './CommentRow'

const words = texts.comments
const NEWS: readonly EventType[] = ['comment.added', 'comment.deleted']
const EMPTY = { icon: 'comment', title: words.none, text: words.noneText } as const

async function readComments(client: Client, threadId: string): Promise<readonly Comment[]> {
  const path = { thread_id: threadId }
  return await everything((query) => client.askWhole(client.api.GET('/api/v1/threads/{thread_id}/comments', { params: { path, query } })))
}

export function CommentsDialog({ threadId, onClose }: { threadId: string; onClose: () => void }) {
  const page = usePage()
  const { client } = page
  const tried = useTried()
  const reading = useReading(threadId, readComments, NEWS)
  const [text, setText] = useState('')
  const fresh = useThread(threadId)?.newComments ?? 0
  useEffect(() => {
    if (fresh > 0) page.threads.sawComments(threadId)
  }, [page, threadId, fresh])
  const add = (event: SubmitEvent): void => {
    event.preventDefault()
    const params = { path: { thread_id: threadId }, header: { 'Idempotency-Key': newKey() } }
    void tried(
      () => client.ask(client.api.POST('/api/v1/threads/{thread_id}/comments', { params, body: { text } })),
      () => {
        setText('')
        reading.again()
      },
    )
  }
  const remove = (comment: Comment): void => {
    const path = { thread_id: threadId, comment_id: comment.id }
    void tried(() => client.ask(client.api.DELETE('/api/v1/threads/{thread_id}/comments/{comment_id}', { params: { path } })), reading.again)
  }
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      <Listing reading={reading} empty={EMPTY} keyOf={(comment) => comment.id}>
        {(comment) => (
          <CommentRow comment={comment}>
            <IconButton icon="trash" label={words.remove} onClick={() => remove(comment)} className="-my-1 -mr-1 ml-auto size-7" />
          </CommentRow>
        )}
      </Listing>
      <form onSubmit={add} className="mt-4">
        <LongTextField label={words.new} hint={words.hint} value={text} rows={2} required maxLength={10_000} onChange={(event) => setText(event.target.value)} />
        <div className="flex justify-end">
          <Button look="main" icon="plus" type="submit" disabled={text.trim() === ''}>
            {words.add}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}
