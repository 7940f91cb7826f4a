/** File part: an image as it looks, any other file as a link by its name. */
import { useEffect, useState } from 'react'
import type { Files } from '../../actions/files'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'

interface FilePartProps {
  files: Files
  attachmentId: string
}

export function ImagePart({ files, attachmentId }: FilePartProps) {
  const name = useFileName(files, attachmentId)
  return <img src={files.addressOf(attachmentId)} alt={name ?? texts.thread.image} loading="lazy" className="max-h-80 max-w-full rounded-lg" />
}

export function FilePart({ files, attachmentId }: FilePartProps) {
  const name = useFileName(files, attachmentId)
  return (
    <a href={files.addressOf(attachmentId)} download title={texts.thread.download} className="inline-flex max-w-full items-center gap-2 rounded-lg border border-line bg-raised px-3 py-1.5 text-[0.8125rem] hover:bg-hover">
      <Icon name="attach" />
      <span className="min-w-0 truncate">{name ?? texts.thread.attachment}</span>
    </a>
  )
}

function useFileName(files: Files, attachmentId: string): string | null {
  const [name, setName] = useState<string | null>(null)
  useEffect(() => {
    let isWanted = true
    void files.nameOf(attachmentId).then((found) => isWanted && setName(found))
    return () => void (isWanted = false)
  }, [files, attachmentId])
  return name
}
