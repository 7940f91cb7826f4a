/** Vitest: how the page's own tests run: without a browser. What needs one is a journey in tests/web. */
import { defineConfig } from 'vitest/config'

// Properties try hundreds of texts: on a busy machine that takes long, and a limit would say nothing about the page.
export default defineConfig({
  test: { include: ['src/**/*.test.ts', 'src/**/*.test.tsx'], environment: 'node', testTimeout: 120_000 },
})
