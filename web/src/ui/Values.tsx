/** Values: what a program was given or gave back: plain fields as a list of names and values, all else as JSON. */

type Plain = string | number | boolean | null

const MOST = 12

export function Values({ value, className = 'bg-sunken' }: { value: unknown; className?: string }) {
  const fields = plainFields(value)
  const box = `max-h-64 overflow-auto rounded-lg px-2.5 py-1.5 text-xs ${className}`
  if (fields === null) {
    return (
      <pre tabIndex={0} className={`${box} font-mono break-words whitespace-pre-wrap`}>
        {typeof value === 'string' ? value : JSON.stringify(value, null, 2)}
      </pre>
    )
  }
  return (
    <dl tabIndex={0} className={`${box} grid grid-cols-[fit-content(40%)_1fr] gap-x-3 gap-y-0.5`}>
      {fields.map(([name, each]) => (
        <div key={name} className="contents">
          <dt className="[overflow-wrap:anywhere] text-soft">{name}</dt>
          <dd className="[overflow-wrap:anywhere] whitespace-pre-wrap">{String(each)}</dd>
        </div>
      ))}
    </dl>
  )
}

/** The fields of an object that is easier to read as a list than as JSON; null for anything else. */
function plainFields(value: unknown): [string, Plain][] | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
  const fields = Object.entries(value)
  return fields.length > 0 && fields.length <= MOST && fields.every(isPlain) ? fields : null
}

function isPlain(field: [string, unknown]): field is [string, Plain] {
  return field[1] === null || typeof field[1] !== 'object'
}
