/** Side menu: what concerns the whole page: keys, users, theme and login. */
import { useEffect, useState } from 'react'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { Menu, type MenuEntry } from '../../ui/Menu'
import { KeysDialog } from '../account/KeysDialog'
import { UsersDialog } from '../account/UsersDialog'
import { usePage, useSelect } from '../page'

type Theme = 'system' | 'light' | 'dark'
const THEMES: readonly Theme[] = ['system', 'light', 'dark']

function keptTheme(): Theme {
  return THEMES.find((theme) => theme === localStorage.getItem('laneway.theme')) ?? 'system'
}

export function useTheme(): [Theme, (theme: Theme) => void] {
  const [theme, setTheme] = useState(keptTheme)
  useEffect(() => {
    if (theme === 'system') delete document.documentElement.dataset.theme
    else document.documentElement.dataset.theme = theme
    localStorage.setItem('laneway.theme', theme)
  }, [theme])
  return [theme, setTheme]
}

export function SideMenu() {
  const page = usePage()
  const [theme, setTheme] = useTheme()
  const [asked, ask] = useState<'keys' | 'users' | null>(null)
  const isAdmin = useSelect((state) => state.me !== null && state.me !== false && state.me.role !== 'member')
  const close = (): void => ask(null)
  const themes: MenuEntry[] = THEMES.map((each) => ({ label: `${texts.theme.label}: ${texts.theme[each]}`, icon: each === theme ? 'check' : 'sun', run: () => setTheme(each) }))
  const entries: (MenuEntry | null)[] = [
    { label: texts.keys.menu, icon: 'settings', run: () => ask('keys') },
    ...(isAdmin ? [{ label: texts.users.menu, icon: 'menu', run: () => ask('users') } as const] : []),
    null,
    ...themes,
    null,
    { label: texts.login.logOut, icon: 'close', run: () => void page.logOut().catch((error: unknown) => page.notices.fail(error)) },
  ]
  return (
    <>
      <Menu label={texts.menu} entries={entries} className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-soft hover:bg-hover hover:text-ink">
        <Icon name="settings" />
      </Menu>
      {asked === 'keys' && <KeysDialog onClose={close} />}
      {asked === 'users' && <UsersDialog onClose={close} />}
    </>
  )
}
