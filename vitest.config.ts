import { defineConfig } from 'vitest/config'

/** What runs on every save. Real clients have a configuration of their own: vitest.clients.config.ts. */
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: ['test/clients/**'],
    pool: 'threads',
  },
})
