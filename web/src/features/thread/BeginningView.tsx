/** Beginning: a thread that does not exist yet. The first message makes it. */
import { useState } from 'react'
import type { SentPart } from '../../protocol/resources'
import { NEW } from '../../actions/drafts'
import { texts } from '../../texts'
import { Composer } from '../composer/Composer'
import { useNavigation } from '../navigation'
import { usePage, useSelect } from '../page'
import { TemplateList } from '../templates/TemplateList'
import { OutgoingMessage } from './OutgoingMessage'
import { AgentChooser, ThreadHeader } from './ThreadHeader'

const GUIDE = 'guide'

export function BeginningView() {
  const page = usePage()
  const { go, sessionId } = useNavigation()
  const agents = useSelect((state) => state.agents)
  const beginnings = useSelect((state) => state.beginnings)
  const [chosen, setChosen] = useState<string | null>(null)
  const agent = chosen ?? agents.find((each) => each.available)?.name ?? null
  // Whoever is new here, and is answered by the guide, is shown what to ask.
  const isFirst = useSelect((state) => state.lists === 'ready' && Object.keys(state.threads).length === 0) && agent === GUIDE
  const follow = (made: string | null): void => {
    // Somebody who has gone elsewhere meanwhile stays there: the thread works without being looked at.
    if (made !== null && location.pathname === '/') go(made)
  }
  const send = (text: string, parts: readonly SentPart[] | null): void => {
    void page.sending.begin({ text, parts }, { sessionId, agentId: chosen }).then(follow)
  }
  return (
    <>
      <ThreadHeader thread={null}>
        <div className="flex items-center justify-between gap-2">
          <h1 className="truncate text-[0.9375rem] font-semibold">{texts.threads.new}</h1>
          {agent !== null && <AgentChooser agent={agent} onChoose={setChosen} />}
        </div>
      </ThreadHeader>
      <div role="log" aria-label={texts.thread.transcript} className="min-h-0 flex-1 overflow-y-auto">
        <div className="mx-auto flex h-full w-full max-w-3xl flex-col px-4 py-8">
          {beginnings.length === 0 ? (
            <div className="my-auto pb-10 text-center">
              <h2 className="text-2xl font-semibold tracking-tight">{texts.thread.begin}</h2>
              <p className="mx-auto mt-2 max-w-md text-soft">{texts.thread.beginText}</p>
              {isFirst && <Examples onChoose={(text) => send(text, null)} />}
              <TemplateList />
            </div>
          ) : (
            beginnings.map((beginning) => (
              <OutgoingMessage
                key={beginning.key}
                message={beginning}
                onRetry={() => void page.sending.retryBeginning(beginning.key).then(follow)}
                onDiscard={() => page.sending.discardBeginning(beginning.key)}
              />
            ))
          )}
        </div>
      </div>
      <div className="mx-auto w-full max-w-3xl px-3 pb-3 sm:px-4">
        <Composer thread={null} draftId={NEW} onSend={send} />
      </div>
    </>
  )
}

function Examples({ onChoose }: { onChoose: (text: string) => void }) {
  return (
    <ul aria-label={texts.thread.examplesName} className="mx-auto mt-6 flex max-w-md flex-wrap justify-center gap-2">
      {texts.thread.examples.map((example) => (
        <li key={example}>
          <button type="button" onClick={() => onChoose(example)} className="rounded-full border border-line bg-raised px-3.5 py-1.5 text-[0.8125rem] hover:bg-hover">
            {example}
          </button>
        </li>
      ))}
    </ul>
  )
}
