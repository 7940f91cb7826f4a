// Layers: checks that imports of the page point one way, and that there was something to check.
import { cruise } from 'dependency-cruiser'
import extractTsConfig from 'dependency-cruiser/config-utl/extract-ts-config'
import rules from './.dependency-cruiser.mjs'

const result = await cruise(
  ['src'],
  { ruleSet: rules, validate: true, tsPreCompilationDeps: true, doNotFollow: { path: 'node_modules' } },
  {},
  { tsConfig: extractTsConfig('tsconfig.json') },
)
const { summary, modules } = result.output
const own = modules.filter((module) => module.source.startsWith('src/'))
for (const { from, to, rule } of summary.violations) console.error(`${rule.name}: ${from} → ${to}`)
// Under a TypeScript that it cannot read, the tool finds no module, no violation, and is content.
const isBlind = own.length < 20 || !own.some((module) => module.dependencies.length > 3)
if (isBlind) console.error(`layers: only ${own.length} modules were read; something is wrong with the tool`)
else console.log(`layers: ${own.length} modules, ${summary.violations.length} violations`)
process.exit(isBlind || summary.violations.length > 0 ? 1 : 0)
