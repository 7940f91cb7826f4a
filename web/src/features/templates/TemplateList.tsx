/** Template list: set-ups of threads, each one press away from being a thread; and where they are removed. */
import type { Client } from '../../protocol/client'
import { newKey } from '../../protocol/ids'
import type { Template } from '../../protocol/resources'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { useNavigation } from '../navigation'
import { usePage } from '../page'
import { useReading } from '../reading'
import { useTried } from '../tried'

const words = texts.templates

async function readTemplates(client: Client): Promise<readonly Template[]> {
  return await client.ask(client.api.GET('/api/v1/templates', { params: { query: { limit: 100 } } }))
}

export function TemplateList() {
  const reading = useReading('templates', readTemplates)
  if (reading.value === null || reading.value.length === 0) return null
  return (
    <section aria-label={words.list} className="mx-auto mt-8 w-full max-w-md text-left">
      <h3 className="mb-2 text-[0.8125rem] font-medium text-soft">{words.list}</h3>
      <ul className="space-y-1.5">
        {reading.value.map((template) => (
          <TemplateRow key={template.id} template={template} onRemoved={reading.again} />
        ))}
      </ul>
    </section>
  )
}

function TemplateRow({ template, onRemoved }: { template: Template; onRemoved: () => void }) {
  const { client, store } = usePage()
  const { sessionId, go } = useNavigation()
  const tried = useTried()
  const begin = (): void => {
    const params = { header: { 'Idempotency-Key': newKey() } }
    const body = { template_id: template.id, ...(sessionId === null ? {} : { session_id: sessionId }) }
    void tried(
      () => client.ask(client.api.POST('/api/v1/threads', { params, body })),
      (thread) => {
        store.dispatch({ type: 'thread-read', threadId: thread.id, thread, offset: 0 })
        go(thread.id)
      },
    )
  }
  const remove = (): void => void tried(() => client.ask(client.api.DELETE('/api/v1/templates/{template_id}', { params: { path: { template_id: template.id } } })), onRemoved)
  return (
    <li className="flex items-center rounded-xl border border-line bg-raised pr-1 hover:bg-hover">
      <button type="button" onClick={begin} className="min-w-0 flex-1 truncate rounded-xl px-3 py-2 text-left text-sm font-medium">
        {template.name}
        {template.agent_id !== null && <span className="ml-2 text-xs font-normal text-soft">{template.agent_id}</span>}
      </button>
      <IconButton icon="trash" label={words.remove(template.name)} onClick={remove} />
    </li>
  )
}
