import { describe, expect, test } from 'vitest'

import { RegistryProcess } from '../support/real-process.ts'
import { type Check, runNextSuite, runReleasedSuite } from './suite.ts'

/*
 * The official conformance suites of the OCI distribution specification, both generations, against a real process with
 * its token flow. They run first, whole; each of their checks is then a test here, under its own name.
 */

/** How many checks each has at the versions pinned in the go.mod files: fewer would mean that something went unasked. */
const suites: readonly { name: string; leastChecks: number; run: (registry: RegistryProcess) => Promise<Check[]> }[] = [
  { name: 'specification 1.1.1', leastChecks: 74, run: runReleasedSuite },
  { name: 'main branch, as version 1.1', leastChecks: 650, run: (registry) => runNextSuite(registry, '1.1') },
  { name: 'main branch, as the next version', leastChecks: 750, run: (registry) => runNextSuite(registry, 'dev') },
]

for (const { name, leastChecks, run } of suites) {
  const checks = await inItsOwnRegistry(run)
  describe(name, () => {
    test(`asks at least ${leastChecks} questions`, () => {
      expect(checks.length).toBeGreaterThanOrEqual(leastChecks)
    })
    for (const check of checks) {
      test(check.name, () => {
        expect(check.failure).toBeUndefined()
      })
    }
  })
}

async function inItsOwnRegistry(run: (registry: RegistryProcess) => Promise<Check[]>): Promise<Check[]> {
  await using registry = await RegistryProcess.start({ WAYBILL_LOG: 'warn' })
  // Awaited here: the registry is to outlive it.
  return await run(registry)
}
