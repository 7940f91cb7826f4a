/** Tried: something that a person asked the server for from a dialog: what it refuses is told, and nothing else happens. */
import { useCallback } from 'react'
import { usePage } from './page'

export function useTried(): <T>(asked: () => Promise<T>, then?: (value: T) => void) => Promise<void> {
  const { notices } = usePage()
  return useCallback(
    async (asked, then) => {
      try {
        const value = await asked()
        then?.(value)
      } catch (error) {
        notices.fail(error)
      }
    },
    [notices],
  )
}
