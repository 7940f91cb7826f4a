/** File part: an image as it looks, any other file as a link by its name. */
import { useEffect, useState } from 'react'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { usePage } from '../page'

export function ImagePart({ attachmentId }: { attachmentId: string }) {
  const name = useFileName(attachmentId)
  return <img src={addressOf(attachmentId)} alt={name ?? texts.thread.image} loading="lazy" className="max-h-80 max-w-full rounded-lg" />
}

export function FilePart({ attachmentId }: { attachmentId: string }) {
  const name = useFileName(attachmentId)
  return (
    <a href={addressOf(attachmentId)} download title={texts.thread.download} className="inline-flex max-w-full items-center gap-2 rounded-lg border border-line bg-raised px-3 py-1.5 text-[0.8125rem] hover:bg-hover">
      <Icon name="attach" />
      <span className="min-w-0 truncate">{name ?? texts.thread.attachment}</span>
    </a>
  )
}

/** Where somebody reads who may not have the session's files: that there was one. */
export function FileSign({ isImage }: { isImage: boolean }) {
  return (
    <p className="flex items-center gap-2 text-[0.8125rem] text-soft">
      <Icon name="attach" />
      {isImage ? texts.thread.imageElsewhere : texts.thread.fileElsewhere}
    </p>
  )
}

function useFileName(attachmentId: string): string | null {
  const { files } = usePage()
  const [name, setName] = useState<string | null>(null)
  useEffect(() => {
    let isWanted = true
    void files.nameOf(attachmentId).then((found) => isWanted && setName(found))
    return () => void (isWanted = false)
  }, [files, attachmentId])
  return name
}

/** A file of this server, which serves nothing under that address that could run. */
function addressOf(attachmentId: string): string {
  return `/api/v1/attachments/${encodeURIComponent(attachmentId)}`
}
