import { defineConfig } from 'vitest/config'

/** What runs on every save. Real clients and the official suites have configurations of their own. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/oci-suites/**'],
    pool: 'threads',
    // Tests leave nothing behind in their thread that another file could trip over; a fresh one for each costs seconds.
    isolate: false,
  },
})
