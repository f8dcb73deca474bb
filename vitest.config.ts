import { defineConfig } from 'vitest/config'

/** What runs on every save. Real clients, the official suites and the long proofs have configurations of their own. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/{clients,oci-suites,faults,crash,model}/**'],
    pool: 'threads',
    // Tests leave nothing behind in their thread that another file could trip over; a fresh one for each costs seconds.
    isolate: false,
  },
})
