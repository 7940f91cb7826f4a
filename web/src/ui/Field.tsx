/** Field: something to fill in, with its label above it and a hint below. */
import { useId, type InputHTMLAttributes, type ReactNode, type SelectHTMLAttributes, type TextareaHTMLAttributes } from 'react'

const BOX = 'w-full rounded-lg border border-edge/60 bg-ground px-3 text-ink placeholder:text-soft'

interface Labelled {
  label: string
  hint?: string
}

/** What a field needs to be known by its label and described by its hint. */
interface Named {
  id: string
  'aria-describedby': string | undefined
}

function Labelled({ label, hint, children }: Labelled & { children: (named: Named) => ReactNode }) {
  const id = useId()
  const hintId = `${id}-hint`
  return (
    <div className="mb-4">
      <label htmlFor={id} className="mb-1.5 block text-[0.8125rem] font-medium">
        {label}
      </label>
      {children({ id, 'aria-describedby': hint === undefined ? undefined : hintId })}
      {hint !== undefined && (
        <p id={hintId} className="mt-1.5 text-xs text-soft">
          {hint}
        </p>
      )}
    </div>
  )
}

export function TextField({ label, hint, ...rest }: InputHTMLAttributes<HTMLInputElement> & Labelled) {
  return (
    <Labelled label={label} hint={hint}>
      {(named) => <input {...named} {...rest} className={`${BOX} h-10`} />}
    </Labelled>
  )
}

export function LongTextField({ label, hint, ...rest }: TextareaHTMLAttributes<HTMLTextAreaElement> & Labelled) {
  return (
    <Labelled label={label} hint={hint}>
      {(named) => <textarea {...named} {...rest} className={`${BOX} block py-2 text-sm`} />}
    </Labelled>
  )
}

export interface Choice {
  value: string
  label: string
}

export function ChoiceField({ label, hint, choices, ...rest }: SelectHTMLAttributes<HTMLSelectElement> & Labelled & { choices: readonly Choice[] }) {
  return (
    <Labelled label={label} hint={hint}>
      {(named) => (
        <select {...named} {...rest} className={`${BOX} h-10`}>
          {choices.map((choice) => (
            <option key={choice.value} value={choice.value}>
              {choice.label}
            </option>
          ))}
        </select>
      )}
    </Labelled>
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
