/** Turn notice: how the newest turn stands: working, waiting for somebody, failed, or in need of a review. */
import { useState } from 'react'
import type { Approval } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Banner, Spinner } from '../../ui/States'
import { Values } from '../../ui/Values'
import { usePage, useSelect } from '../page'

const words = texts.thread

export function TurnNotice({ thread }: { thread: ThreadState }) {
  const page = usePage()
  const { summary, turn, approvals, transcript } = thread
  const titles = useSelect((state) => state.agents)
  const agents = turn === null || turn.agents.length === 0 ? [summary.agent_id] : turn.agents
  const open = Object.values(approvals).filter((approval) => approval.state === 'open')
  const isSilent = transcript.items.at(-1)?.state !== 'partial'
  const turnId = summary.active_turn_id ?? turn?.id ?? null
  return (
    <div className="space-y-3 pt-2 empty:hidden">
      {open.map((approval) => (
        <ApprovalNotice key={approval.id} approval={approval} />
      ))}
      {summary.status === 'running' && isSilent && (
        <p role="status" className="flex items-center gap-2 text-[0.8125rem] text-soft">
          <Spinner className="size-4 text-accent" />
          {words.working(agents.map((name) => titles.find((agent) => agent.name === name)?.title ?? name).join(', '))}
        </p>
      )}
      {summary.status === 'waiting' && open.length === 0 && (
        <p role="status" className="flex items-center gap-2 text-[0.8125rem] text-soft">
          <Spinner className="size-4" />
          {words.waitingFor}
        </p>
      )}
      {summary.status === 'needs_review' && turnId !== null && (
        <Banner tone="warn" icon="warning">
          <p className="min-w-40 flex-1 [overflow-wrap:anywhere]">
            <strong className="block font-semibold">{words.turnReview}</strong>
            {turn?.reason ?? summary.status_reason ?? words.turnReviewText}
          </p>
          <Button icon="retry" onClick={() => void page.threads.review(turnId, 'retry')}>{words.retryTurn}</Button>
          <Button onClick={() => void page.threads.review(turnId, 'skip')}>{words.skip}</Button>
          <Button onClick={() => void page.threads.review(turnId, 'mark_done')}>{words.markDone}</Button>
        </Banner>
      )}
      {turn?.status === 'failed' && summary.active_turn_id === null && (
        <Banner tone="bad" icon="warning">
          <p className="min-w-40 flex-1 [overflow-wrap:anywhere]">
            <strong className="block font-semibold">{words.turnFailed}</strong>
            {turn.reason}
          </p>
          <Button icon="retry" onClick={() => void page.threads.retryTurn(thread.id, turn.id)}>{words.retryTurn}</Button>
        </Banner>
      )}
    </div>
  )
}

function ApprovalNotice({ approval }: { approval: Approval }) {
  const page = usePage()
  const [note, setNote] = useState('')
  const decide = (decision: 'approve' | 'reject'): void => void page.threads.decide(approval.id, approval.arguments_hash, decision, note.trim())
  return (
    <section aria-label={words.approval(approval.tool)} className="space-y-2 rounded-xl border border-warn/40 bg-warn-tint p-3 text-[0.8125rem]">
      <p className="flex items-center gap-2 font-semibold text-warn">
        <Icon name="hand" />
        {words.approval(approval.tool)}
      </p>
      <Values value={approval.arguments} className="bg-raised" />
      <div className="flex flex-wrap gap-2">
        <Button look="main" icon="check" onClick={() => decide('approve')}>{words.approve}</Button>
        <Button look="bad" icon="close" onClick={() => decide('reject')}>{words.reject}</Button>
        <input
          aria-label={words.approvalNote}
          placeholder={words.approvalNote}
          value={note}
          maxLength={1000}
          onChange={(event) => setNote(event.target.value)}
          className="h-8 min-w-40 flex-1 rounded-lg border border-edge/60 bg-raised px-3 placeholder:text-soft"
        />
      </div>
    </section>
  )
}
