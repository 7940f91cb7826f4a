/** Tool call: what was called, with which arguments, and what came of it. */
import type { Item } from '../../protocol/resources'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { Badge, Spinner } from '../../ui/States'
import { Values } from '../../ui/Values'

export function ToolCall({ item }: { item: Item }) {
  const call = item.parts.find((part) => part.type === 'tool_call')
  const result = item.parts.find((part) => part.type === 'tool_result')
  const words = texts.thread
  const error = result?.error
  return (
    <details className="my-2 rounded-xl border border-line bg-raised text-[0.8125rem]">
      <summary className="flex items-center gap-2 px-3 py-2 select-none">
        {item.state === 'partial' ? <Spinner className="size-4 text-accent" /> : <Icon name="tool" className="size-4 text-soft" />}
        <span className="min-w-0 flex-1 truncate">{item.state === 'partial' ? words.toolCalling(call?.name ?? '') : words.toolCall(call?.name ?? '')}</span>
        {item.state === 'interrupted' && <Badge tone="warn">{words.interrupted}</Badge>}
        {error !== undefined ? <Badge tone="bad">{words.errorShort}</Badge> : result !== undefined ? <Badge tone="good">{words.done}</Badge> : null}
        <Icon name="chevron" className="size-4 text-soft" />
      </summary>
      <dl className="space-y-2 border-t border-line px-3 py-2">
        {call !== undefined && <Value name={words.arguments} value={call.arguments} />}
        {error !== undefined ? <Value name={words.error} value={error} /> : result !== undefined ? <Value name={words.result} value={result.result} /> : null}
      </dl>
    </details>
  )
}

function Value({ name, value }: { name: string; value: unknown }) {
  return (
    <div>
      <dt className="text-xs font-medium text-soft">{name}</dt>
      <dd className="mt-1">
        <Values value={value} />
      </dd>
    </div>
  )
}
