// Types: writes src/protocol/schema.ts from the API and its events, or checks that it still agrees (--check).
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import openapiTypescript, { astToString } from 'openapi-typescript'

const target = new URL('src/protocol/schema.ts', import.meta.url)
const python = process.env.PYTHON ?? new URL('../.venv/bin/python', import.meta.url).pathname
const described = execFileSync(python, [new URL('describe.py', import.meta.url).pathname], { maxBuffer: 1 << 26 })
const banner = '// Written by `./dev fix` from the API and its events. Change those, not this file.\n\n'
const text = banner + astToString(await openapiTypescript(JSON.parse(described.toString()), { defaultNonNullable: false }))
const isSame = existsSync(target) && readFileSync(target, 'utf8') === text

if (process.argv.includes('--check')) {
  if (!isSame) console.error('web/src/protocol/schema.ts does not match the API: run ./dev fix')
  process.exit(isSame ? 0 : 1)
}
if (!isSame) {
  writeFileSync(target, text)
  console.log('wrote web/src/protocol/schema.ts')
}
