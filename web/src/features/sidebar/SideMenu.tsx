/** Side menu: what concerns the whole page: keys, users, theme and login. */
import { useState } from 'react'
import { texts } from '../../texts'
import { Icon } from '../../ui/Icon'
import { Menu, type MenuEntry } from '../../ui/Menu'
import { KeysDialog } from '../account/KeysDialog'
import { UsersDialog } from '../account/UsersDialog'
import { usePage, useSelect } from '../page'
import { ShortcutsDialog } from '../shortcuts/ShortcutsDialog'
import { THEMES, useTheme } from '../theme'

const THEME_ICONS = { system: 'screen', light: 'sun', dark: 'moon' } as const

export function SideMenu() {
  const page = usePage()
  const [theme, setTheme] = useTheme()
  const [asked, ask] = useState<'keys' | 'users' | 'shortcuts' | null>(null)
  const isAdmin = useSelect((state) => state.me !== null && state.me !== false && state.me.role !== 'member')
  const close = (): void => ask(null)
  const themes: MenuEntry[] = THEMES.map((each) => ({ label: `${texts.theme.label}: ${texts.theme[each]}`, icon: each === theme ? 'check' : THEME_ICONS[each], run: () => setTheme(each) }))
  const entries: (MenuEntry | null)[] = [
    { label: texts.keys.menu, icon: 'key', run: () => ask('keys') },
    ...(isAdmin ? [{ label: texts.users.menu, icon: 'user', run: () => ask('users') } as const] : []),
    null,
    ...themes,
    null,
    { label: texts.shortcuts.menu, icon: 'keyboard', run: () => ask('shortcuts') },
    { label: texts.login.logOut, icon: 'leave', run: () => void page.logOut().catch((error: unknown) => page.notices.fail(error)) },
  ]
  return (
    <>
      <Menu label={texts.menu} entries={entries} className="inline-flex size-8 shrink-0 items-center justify-center rounded-lg text-soft hover:bg-hover hover:text-ink">
        <Icon name="settings" />
      </Menu>
      {asked === 'keys' && <KeysDialog onClose={close} />}
      {asked === 'shortcuts' && <ShortcutsDialog onClose={close} />}
      {asked === 'users' && <UsersDialog onClose={close} />}
    </>
  )
}
