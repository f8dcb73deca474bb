import { defineConfig } from 'vitest/config'

/** Real clients against a real process: `npm run test:clients`, as root, with the packages of .ci/install-packages. */
export default defineConfig({
  test: {
    include: ['test/clients/**/*.test.ts'],
    // Terraform and its AWS provider are in no package that could be installed here: see CONTRIBUTING.
    exclude: process.env.WAYBILL_TEST_TERRAFORM_PLUGINS === undefined ? ['**/terraform.test.ts'] : [],
    globalSetup: ['test/clients/environment.ts'],
    testTimeout: 5 * 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 60_000,
    // More would only make the clients wait for each other on the two cores that CI has.
    maxWorkers: 2,
  },
})
