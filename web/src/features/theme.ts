/** Theme: light, dark, or as the system has it. The browser keeps it. */
import { useEffect, useState } from 'react'

export type Theme = 'system' | 'light' | 'dark'
export const THEMES: readonly Theme[] = ['system', 'light', 'dark']

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
