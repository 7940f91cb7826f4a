/** Vitest: how the page's own tests run: without a browser. What needs one is a journey in tests/web. */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], environment: 'node' },
})
