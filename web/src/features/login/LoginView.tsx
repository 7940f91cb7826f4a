/** Login: a key for a cookie. The key is forgotten at once; the cookie is out of reach of scripts. */
import { useState } from 'react'
import { isProblem } from '../../protocol/problem'
import { texts } from '../../texts'
import { Button } from '../../ui/Button'
import { TextField } from '../../ui/Field'
import { Refusal } from '../../ui/States'
import { usePage } from '../page'

const words = texts.login

export function LoginView() {
  const page = usePage()
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState<string | null>(null)
  const [isAsking, setAsking] = useState(false)
  const logIn = async (): Promise<void> => {
    setAsking(true)
    try {
      await page.logIn(key.trim())
    } catch (error) {
      setProblem(isProblem(error) && error.status !== 401 ? error.detail : words.wrong)
      setAsking(false)
    }
  }
  return (
    <main className="flex h-full items-center justify-center p-4">
      <form
        className="w-full max-w-sm"
        onSubmit={(event) => {
          event.preventDefault()
          void logIn()
        }}
      >
        <img src="/app/icon.svg" alt="" className="mb-5 size-12 rounded-xl" />
        <h1 className="mb-1 text-2xl font-semibold tracking-tight">{words.title}</h1>
        <p className="mb-6 text-sm text-soft">{words.text}</p>
        <TextField label={words.key} hint={words.hint} type="password" autoComplete="current-password" required autoFocus value={key} onChange={(event) => setKey(event.target.value)} />
        {problem !== null && <Refusal className="mb-4">{problem}</Refusal>}
        <Button look="main" type="submit" className="h-10 w-full" disabled={isAsking || key.trim() === ''}>
          {words.submit}
        </Button>
      </form>
    </main>
  )
}
