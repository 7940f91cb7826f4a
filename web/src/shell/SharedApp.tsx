/** Shared app: the page of a link, without anything of those who have logged in. */
import type { Shared } from '../actions/shared'
import { SharedView } from '../features/shared/SharedView'
import { useTheme } from '../features/theme'

export function SharedApp({ shared }: { shared: Shared }) {
  useTheme()
  return <SharedView shared={shared} />
}
