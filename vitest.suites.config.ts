import { defineConfig } from 'vitest/config'

/** The official OCI conformance suites against a real process: `npm run test:suites`. Needs Go, to build them. */
export default defineConfig({
  test: {
    include: ['test/oci-suites/**/*.test.ts'],
    testTimeout: 10_000,
  },
})
