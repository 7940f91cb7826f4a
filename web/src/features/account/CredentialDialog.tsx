/** Credential dialog: makes something that comes with a secret, shows the secret once, and lists what there is. */
import { useState, type ReactNode, type SubmitEvent } from 'react'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { Dialog } from '../../ui/Dialog'
import { TextField } from '../../ui/Field'
import { Secret } from '../../ui/Secret'
import { Listing } from '../Listing'
import type { Reading } from '../reading'
import { useTried } from '../tried'

interface CredentialDialogProps<T extends { id: string }> {
  words: { title: string; name: string; create: string; none: string; noneText: string }
  /** Makes one of that name; gives the secret and what it is called. */
  create: (name: string) => Promise<{ label: string; secret: string }>
  reading: Reading<readonly T[]>
  row: (each: T) => ReactNode
  onClose: () => void
  /** What is asked for besides the name. */
  children?: ReactNode
}

export function CredentialDialog<T extends { id: string }>({ words, create, reading, row, onClose, children }: CredentialDialogProps<T>) {
  const tried = useTried()
  const [name, setName] = useState('')
  const [created, setCreated] = useState<{ label: string; secret: string } | null>(null)
  const submitted = (event: SubmitEvent): void => {
    event.preventDefault()
    void tried(
      () => create(name.trim()),
      (made) => {
        setCreated(made)
        setName('')
        reading.again()
      },
    )
  }
  return (
    <Dialog title={words.title} closeLabel={texts.thread.close} onClose={onClose}>
      {created !== null && <Secret label={created.label} hint={texts.keys.createdHint} text={created.secret} words={texts.thread} />}
      <form onSubmit={submitted} className="mb-5">
        <TextField label={words.name} value={name} maxLength={100} required onChange={(event) => setName(event.target.value)} />
        {children}
        <div className="flex justify-end">
          <Button look="main" icon="plus" type="submit">
            {words.create}
          </Button>
        </div>
      </form>
      <Listing reading={reading} empty={{ icon: 'settings', title: words.none, text: words.noneText }} keyOf={(each) => each.id}>
        {row}
      </Listing>
    </Dialog>
  )
}
