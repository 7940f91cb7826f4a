/** Main: puts the page together and shows it: somebody's own, or what a link shares. */
import type { ReactNode } from 'react'
import { createRoot } from 'react-dom/client'
import { Page } from './actions/page'
import { Link, Shared } from './actions/shared'
import { App } from './shell/App'
import { SharedApp } from './shell/SharedApp'
import './styles.css'

// A tab that is not seen gets no frames, and still has to keep up.
const nextFrame = (run: () => void): void =>
  document.visibilityState === 'visible' ? void requestAnimationFrame(run) : void setTimeout(run, 200)

const root = document.getElementById('root')
if (root === null) throw new Error('no root')
const link = Link.of(location.pathname)
createRoot(root).render(link === null ? own() : shared(link))

function own(): ReactNode {
  const page = new Page({ lasting: localStorage, ofTab: sessionStorage, nextFrame })
  addEventListener('pagehide', () => page.threads.flush())
  hurryWhenSeen(page)
  setInterval(() => {
    if (document.visibilityState === 'hidden') page.rest()
  }, 5_000)
  void page.start()
  return <App page={page} />
}

function shared(link: Link): ReactNode {
  const shared = new Shared(link, nextFrame)
  hurryWhenSeen(shared)
  void shared.start()
  return <SharedApp shared={shared} />
}

function hurryWhenSeen(reader: { hurry: () => void }): void {
  addEventListener('online', () => reader.hurry())
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible') reader.hurry()
  })
}
