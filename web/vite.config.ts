/** Vite: how the page is built into the package, and served while it is worked on. */
import { fileURLToPath } from 'node:url'
import tailwindcss from '@tailwindcss/vite'
import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

const server = process.env.LANEWAY_URL ?? 'http://127.0.0.1:8420'

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: {
    // Its variant for browsers looks entities up by setting innerHTML, which the content security policy refuses.
    alias: { 'decode-named-character-reference': fileURLToPath(new URL('node_modules/decode-named-character-reference/index.js', import.meta.url)) },
  },
  build: {
    outDir: process.env.LANEWAY_PAGE ?? '../src/laneway/page',
    emptyOutDir: true,
    // A data: script or style would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 700,
  },
  server: {
    proxy: { '/api': server, '/login': server },
  },
})
