/** States: how a view looks when there is nothing in it, not yet, or not at all. */
import type { ReactNode } from 'react'
import { Icon, type IconName } from './Icon'

export function Empty({ icon, title, text, children }: { icon: IconName; title: string; text: string; children?: ReactNode }) {
  return (
    <div className="mx-auto flex max-w-sm flex-col items-center gap-2 px-6 py-10 text-center">
      <span className="mb-1 flex size-11 items-center justify-center rounded-full bg-tint text-accent">
        <Icon name={icon} className="size-5" />
      </span>
      <p className="font-semibold">{title}</p>
      <p className="text-sm text-soft">{text}</p>
      {children !== undefined && <div className="mt-3 flex gap-2">{children}</div>}
    </div>
  )
}

/** Grey bars in the shape of what is coming. */
export function Skeleton({ label, rows }: { label: string; rows: readonly string[] }) {
  return (
    <div role="status" aria-label={label} className="space-y-3">
      {rows.map((width, index) => (
        <div key={index} className={`skeleton h-4 ${width}`} />
      ))}
    </div>
  )
}

export function Spinner({ className = 'size-4' }: { className?: string }) {
  return (
    <svg aria-hidden="true" viewBox="0 0 24 24" className={`shrink-0 animate-spin ${className}`} fill="none" strokeWidth="2.5" strokeLinecap="round">
      <circle cx="12" cy="12" r="9" stroke="currentColor" opacity="0.25" />
      <path d="M21 12a9 9 0 0 0-9-9" stroke="currentColor" />
    </svg>
  )
}

const TONES = {
  plain: 'bg-sunken text-soft',
  good: 'bg-good-tint text-good',
  warn: 'bg-warn-tint text-warn',
  bad: 'bg-bad-tint text-bad',
  accent: 'bg-tint text-accent',
} as const

export type Tone = keyof typeof TONES

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return <span className={`inline-flex items-center gap-1 rounded-full px-2 py-px text-2xs font-medium whitespace-nowrap ${TONES[tone]}`}>{children}</span>
}

export function Banner({ tone, icon, children }: { tone: Tone; icon: IconName; children: ReactNode }) {
  return (
    <div className={`flex flex-wrap items-center gap-x-3 gap-y-2 rounded-xl px-3 py-2 text-[0.8125rem] ${TONES[tone]}`}>
      <Icon name={icon} />
      {children}
    </div>
  )
}

/** Why what a form asked for was not done. */
export function Refusal({ className, children }: { className: string; children: ReactNode }) {
  return (
    <p role="alert" className={`${className} rounded-lg px-3 py-2 text-sm ${TONES.bad}`}>
      {children}
    </p>
  )
}
