/** Field: something to fill in, with its label above it. */
import { useId, type InputHTMLAttributes, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'

const BOX = 'w-full rounded-lg border border-edge/60 bg-ground px-3 text-ink placeholder:text-soft'

export function TextField({ label, hint, ...rest }: InputHTMLAttributes<HTMLInputElement> & { label: string; hint?: string }) {
  const id = useId()
  return (
    <div className="mb-4">
      <label htmlFor={id} className="mb-1.5 block text-[0.8125rem] font-medium">
        {label}
      </label>
      <input id={id} aria-describedby={hint === undefined ? undefined : `${id}-hint`} {...rest} className={`${BOX} h-10`} />
      {hint !== undefined && (
        <p id={`${id}-hint`} className="mt-1.5 text-xs text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

export function LongTextField({ label, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & { label: string }) {
  const id = useId()
  return (
    <div className="mb-3">
      <label htmlFor={id} className="mb-1.5 block text-[0.8125rem] font-medium">
        {label}
      </label>
      <textarea id={id} {...rest} className={`${BOX} block py-2 text-sm`} />
    </div>
  )
}

export function CheckField({ label, ...rest }: Omit<InputHTMLAttributes<HTMLInputElement>, 'type'> & { label: string }) {
  return (
    <label className="flex items-center gap-2 text-[0.8125rem]">
      <input type="checkbox" {...rest} className="size-4 accent-accent" />
      {label}
    </label>
  )
}

export interface Choice {
  value: string
  label: string
}

export function ChoiceField({ label, choices, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & { label: string; choices: readonly Choice[] }) {
  const id = useId()
  return (
    <div className="mb-4">
      <label htmlFor={id} className="mb-1.5 block text-[0.8125rem] font-medium">
        {label}
      </label>
      <select id={id} {...rest} className={`${BOX} h-10`}>
        {choices.map((choice) => (
          <option key={choice.value} value={choice.value}>
            {choice.label}
          </option>
        ))}
      </select>
    </div>
  )
}
