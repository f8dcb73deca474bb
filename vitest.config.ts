import { defineConfig } from 'vitest/config'

/** What runs on every save. Real clients and the official suites have configurations of their own. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/clients/**', 'test/oci-suites/**'],
    pool: 'threads',
  },
})
