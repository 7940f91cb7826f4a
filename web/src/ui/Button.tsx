/** Button: what one presses; and the same with a drawing in place of words. */
import type { ButtonHTMLAttributes } from 'react'
import { Icon, type IconName } from './Icon'

const LOOKS = {
  main: 'bg-accent text-on-accent hover:opacity-90',
  plain: 'border border-line bg-raised text-ink hover:bg-hover',
  quiet: 'text-soft hover:bg-hover hover:text-ink',
  bad: 'border border-line bg-raised text-bad hover:bg-bad-tint',
} as const

export type ButtonProps = ButtonHTMLAttributes<HTMLButtonElement> & { look?: keyof typeof LOOKS; icon?: IconName }

export function Button({ look = 'plain', icon, className = '', children, ...rest }: ButtonProps) {
  return (
    <button
      type="button"
      {...rest}
      className={`inline-flex h-8 shrink-0 items-center justify-center gap-1.5 rounded-lg px-3 text-[0.8125rem] font-medium whitespace-nowrap transition-colors disabled:opacity-50 ${LOOKS[look]} ${className}`}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** A button that shows only a drawing; its name is read out, and shown to a resting pointer. */
export function IconButton({ icon, label, className = '', look = 'quiet', ...rest }: Omit<ButtonProps, 'children' | 'icon'> & { icon: IconName; label: string }) {
  return (
    <button
      type="button"
      aria-label={label}
      title={label}
      {...rest}
      className={`inline-flex size-8 shrink-0 items-center justify-center rounded-lg transition-colors disabled:opacity-40 ${LOOKS[look]} ${className}`}
    >
      <Icon name={icon} />
    </button>
  )
}
