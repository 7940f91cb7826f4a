/** Files: what attachments are called, asked for once each. */
import type { Client } from '../protocol/client'

export class Files {
  private readonly names = new Map<string, Promise<string | null>>()

  constructor(private readonly client: Client) {}

  /** The file's name; null for one that is gone, or while nobody answers. */
  nameOf(attachmentId: string): Promise<string | null> {
    const known = this.names.get(attachmentId)
    if (known !== undefined) return known
    const asked = this.client.fileName(attachmentId).catch(() => {
      this.names.delete(attachmentId)
      return null
    })
    this.names.set(attachmentId, asked)
    return asked
  }
}
