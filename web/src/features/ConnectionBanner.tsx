/** Connection banner: says that the server does not answer. */
import { Icon } from '../ui/Icon'

export function ConnectionBanner({ text }: { text: string }) {
  return (
    <p role="status" className="flex items-center justify-center gap-2 bg-warn-tint px-4 py-1.5 text-[0.8125rem] text-warn">
      <Icon name="warning" />
      {text}
    </p>
  )
}
