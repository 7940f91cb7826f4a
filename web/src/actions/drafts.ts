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

  set(threadId: string, text: string): void {
    keep(this.storage, `draft.${threadId}`, text === '' ? null : text)
  }
}
