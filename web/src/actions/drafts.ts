/** Drafts: what was typed and not sent, by thread. They outlive a switch and a reload. */
import { keep, kept } from './kept'

/** The draft of a thread that does not exist yet. */
export const NEW = 'new'

export class Drafts {
  constructor(private readonly storage: Storage) {}

  get(threadId: string): string {
    const value = kept(this.storage, `draft.${threadId}`)
    return typeof value === 'string' ? value : ''
  }

  /** Forget them all: somebody else may be next at this browser. */
  clear(): void {
    for (const name of Object.keys(this.storage)) if (name.startsWith('laneway.draft.')) this.storage.removeItem(name)
  }

  set(threadId: string, text: string): void {
    keep(this.storage, `draft.${threadId}`, text === '' ? null : text)
  }
}
