/** Outgoing message: written, and not yet recorded by the server. It never looks like one that was sent. */
import type { Outgoing } from '../../state/state'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Spinner } from '../../ui/States'

export function OutgoingMessage({ message, onRetry, onDiscard }: { message: Outgoing; onRetry: () => void; onDiscard: () => void }) {
  const isRefused = message.state === 'refused'
  return (
    <div className="flex flex-col items-end py-2">
      <div className="max-w-[85%] rounded-2xl border border-dashed border-edge px-4 py-2.5 whitespace-pre-wrap break-words text-soft">{message.text}</div>
      <div role={isRefused ? 'alert' : 'status'} className={`mt-1 flex flex-wrap items-center justify-end gap-2 text-xs ${isRefused ? 'text-bad' : 'text-soft'}`}>
        <span className="flex items-center gap-2">
          {!isRefused && <Spinner className="size-3" />}
          {message.state === 'sending' && texts.thread.sending}
          {message.state === 'waiting' && texts.thread.waiting(message.problem ?? '')}
          {isRefused && texts.thread.refused(message.problem ?? '')}
        </span>
        {isRefused && <Button onClick={onRetry} icon="retry">{texts.thread.retry}</Button>}
        {message.state !== 'sending' && <Button onClick={onDiscard}>{texts.thread.discard}</Button>}
      </div>
    </div>
  )
}
