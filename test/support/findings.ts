import { check } from '../../src/registry/check.ts'
import { describeFinding } from '../../src/registry/finding.ts'
import type { Stores } from '../../src/stores.ts'

/** A time after all others: whatever is in a store is older, and nothing is too young to be called a stray. */
const endOfTime = Number.MAX_SAFE_INTEGER

/** What `waybill check --deep` finds in the stores, one sentence each. */
export async function findingsIn({ metadata, blobs }: Pick<Stores, 'metadata' | 'blobs'>): Promise<string[]> {
  const stores = { view: metadata.view, blobs, clock: () => endOfTime }
  const options = { isDeep: true, strayMsMin: 0, rest: () => Promise.resolve() }
  const findings = await Array.fromAsync(check(stores, options))
  // Whoever deletes a blob of an image that is deleted already means that nobody is to get it back.
  return findings.filter(({ code }) => code !== 'RestoreBroken').map(describeFinding)
}
