/** Turn notice: how the newest turn stands: working, waiting for somebody, failed, or in need of a review. */
import type { Approval } from '../../protocol/resources'
import type { ThreadState } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Banner, Spinner } from '../../ui/States'
import { usePage } from '../page'

const words = texts.thread

export function TurnNotice({ thread }: { thread: ThreadState }) {
  const page = usePage()
  const { summary, turn, approvals, transcript } = thread
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
          {words.working(turn?.agents.join(', ') || summary.agent_id)}
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
          <p className="min-w-0 flex-1">
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
          <p className="min-w-0 flex-1 break-words">
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
  const decide = (decision: 'approve' | 'reject'): void => void page.threads.decide(approval.id, approval.arguments_hash, decision)
  return (
    <section aria-label={words.approval(approval.tool)} className="rounded-xl border border-warn/40 bg-warn-tint p-3 text-[0.8125rem]">
      <p className="font-semibold text-warn">{words.approval(approval.tool)}</p>
      <pre tabIndex={0} className="my-2 max-h-48 overflow-auto rounded-lg bg-raised px-2.5 py-1.5 font-mono text-xs break-words whitespace-pre-wrap">{JSON.stringify(approval.arguments, null, 2)}</pre>
      <div className="flex gap-2">
        <Button look="main" icon="check" onClick={() => decide('approve')}>{words.approve}</Button>
        <Button look="bad" onClick={() => decide('reject')}>{words.reject}</Button>
      </div>
    </section>
  )
}
