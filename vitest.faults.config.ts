import { defineConfig } from 'vitest/config'

/** Stores that fail at every call, processes killed, power cut: `npm run test:faults`. Minutes, not seconds. */
export default defineConfig({
  test: {
    include: ['test/{faults,crash,model}/**/*.test.ts'],
    pool: 'threads',
    testTimeout: 5 * 60_000,
    hookTimeout: 60_000,
  },
})
