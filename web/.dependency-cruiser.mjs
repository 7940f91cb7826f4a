// What may import what: protocol ← state ← actions ← features ← shell; ui knows nothing of Laneway.
const order = ['protocol', 'state', 'actions', 'features', 'shell']
const above = (index) => `^src/(${order.slice(index + 1).join('|')}|main)`

export default {
  forbidden: [
    ...order.slice(0, -1).map((layer, index) => ({
      name: `${layer}-imports-nothing-above-it`,
      severity: 'error',
      from: { path: `^src/${layer}/` },
      to: { path: above(index) },
    })),
    {
      name: 'ui-is-dumb',
      severity: 'error',
      from: { path: '^src/ui/' },
      to: { path: `^src/(${order.join('|')})/` },
    },
    {
      name: 'no-react-below-features',
      severity: 'error',
      from: { path: '^src/(protocol|state|actions)/' },
      to: { path: '(^|/)react(-dom)?(/|$)' },
    },
    { name: 'no-circles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, path: '^src/', pathNot: ['\\.d\\.ts$', '\\.test\\.tsx?$', '^src/main'] },
      to: {},
    },
  ],
}
