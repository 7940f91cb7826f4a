/** Files: what goes along with a message, uploaded as soon as it is chosen. */
import { useState } from 'react'
import type { SentPart } from '../../protocol/resources'
import { texts } from '../../texts'
import { IconButton } from '../../ui/Button'
import { Icon } from '../../ui/Icon'
import { Spinner } from '../../ui/States'
import { usePage } from '../page'

interface ChosenFile {
  key: string
  name: string
  part: SentPart | null
}

export interface Files {
  chosen: readonly ChosenFile[]
  parts: readonly SentPart[]
  isUploading: boolean
  add: (files: Iterable<File>) => void
  remove: (key: string) => void
  clear: () => void
}

export function useFiles(sessionId: string | null): Files {
  const page = usePage()
  const [chosen, setChosen] = useState<readonly ChosenFile[]>([])
  const remove = (key: string): void => setChosen((files) => files.filter((each) => each.key !== key))
  const add = (files: Iterable<File>): void => {
    for (const file of files) {
      const key = crypto.randomUUID()
      setChosen((before) => [...before, { key, name: file.name, part: null }])
      page.client
        .upload(file, sessionId)
        .then(({ id, media_type }) => {
          const part: SentPart = { type: media_type.startsWith('image/') ? 'image' : 'file', attachment_id: id }
          setChosen((before) => before.map((each) => (each.key === key ? { ...each, part } : each)))
        })
        .catch((error: unknown) => {
          remove(key)
          page.notices.fail(error)
        })
    }
  }
  return {
    chosen,
    parts: chosen.flatMap((file) => (file.part === null ? [] : [file.part])),
    isUploading: chosen.some((file) => file.part === null),
    add,
    remove,
    clear: () => setChosen([]),
  }
}

export function FileList({ files }: { files: Files }) {
  if (files.chosen.length === 0) return null
  return (
    <ul className="flex flex-wrap gap-1.5 px-3 pt-3">
      {files.chosen.map((file) => (
        <li key={file.key} className="flex items-center gap-1.5 rounded-lg bg-sunken pl-2.5 text-xs">
          {file.part === null ? <Spinner className="size-3.5" /> : <Icon name="attach" className="size-3.5" />}
          <span className="max-w-40 truncate">{file.name}</span>
          <IconButton icon="close" label={texts.composer.remove(file.name)} className="size-7" onClick={() => files.remove(file.key)} />
        </li>
      ))}
    </ul>
  )
}
