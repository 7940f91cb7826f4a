/** Main: puts the page together and shows it. */
import { createRoot } from 'react-dom/client'
import { Page } from './actions/page'
import { App } from './shell/App'
import './styles.css'

const page = new Page({
  lasting: localStorage,
  ofTab: sessionStorage,
  // A tab that is not seen gets no frames, and still has to keep up.
  nextFrame: (run) => (document.visibilityState === 'visible' ? void requestAnimationFrame(run) : void setTimeout(run, 200)),
})

addEventListener('pagehide', () => page.threads.flush())
addEventListener('online', () => page.hurry())
document.addEventListener('visibilitychange', () => {
  if (document.visibilityState === 'visible') page.hurry()
})
setInterval(() => {
  if (document.visibilityState === 'hidden') page.rest()
}, 5_000)

const root = document.getElementById('root')
if (root === null) throw new Error('no root')
createRoot(root).render(<App page={page} />)
void page.start()
