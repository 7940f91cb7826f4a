/** Files: where attachments lie for whoever reads, and what they are called, asked for once each. */
import type { Client } from '../protocol/client'

export class Files {
  private readonly names = new Map<string, Promise<string | null>>()

  constructor(
    private readonly client: Client,
    private readonly folder: string,
  ) {}

  /** A file of this server, which serves nothing under that address that could run. */
  addressOf(attachmentId: string): string {
    return `${this.folder}/${encodeURIComponent(attachmentId)}`
  }

  /** The file's name; null for one that is gone, or while nobody answers. */
  nameOf(attachmentId: string): Promise<string | null> {
    const known = this.names.get(attachmentId)
    if (known !== undefined) return known
    const asked = this.client.fileName(this.addressOf(attachmentId)).catch(() => {
      this.names.delete(attachmentId)
      return null
    })
    this.names.set(attachmentId, asked)
    return asked
  }
}
