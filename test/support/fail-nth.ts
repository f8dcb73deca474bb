import { BlobStoreUnavailable } from '../../src/blobs/blob-store.ts'
import { MetadataStoreUnavailable } from '../../src/metadata/metadata-store.ts'
import type { Around } from './wrapped-stores.ts'

/**
 * How the nth call fails. `before`: it is refused and nothing has happened. `after`: all of it has happened, but the
 * answer is lost, as when a sync fails behind a commit.
 */
export interface FaultKind {
  readonly when: 'before' | 'after'
  /** `forever`: every later call fails as well, as when a disk is gone. */
  readonly lasts: 'once' | 'forever'
}

export const faultKinds: readonly FaultKind[] = [
  { when: 'before', lasts: 'once' },
  { when: 'before', lasts: 'forever' },
  { when: 'after', lasts: 'once' },
  { when: 'after', lasts: 'forever' },
]

/** Makes the nth call on the stores fail, for `wrapStores`. Counts from when it is armed, until it is disarmed. */
export class FailNth {
  #kind: FaultKind = { when: 'before', lasts: 'once' }
  #nth = Number.POSITIVE_INFINITY
  #calls = 0
  #firedAt: string | undefined

  arm(kind: FaultKind, nth: number): void {
    this.#kind = kind
    this.#nth = nth
    this.#calls = 0
    this.#firedAt = undefined
  }

  disarm(): void {
    this.#nth = Number.POSITIVE_INFINITY
  }

  /** Which call was made to fail first since `arm`; `undefined` when there were fewer than n. */
  get firedAt(): string | undefined {
    return this.#firedAt
  }

  readonly around: Around = async (call, run) => {
    const { when, lasts } = this.#kind
    // A call that changes nothing has no "after": whether it ran before it failed makes no difference to anyone.
    const counts = when === 'before' || call.changes
    if (counts) this.#calls++
    const fails = counts && (lasts === 'once' ? this.#calls === this.#nth : this.#calls >= this.#nth)
    if (!fails) return run()
    this.#firedAt ??= call.name
    if (when === 'after') await run()
    const Unavailable = call.name.startsWith('blobs.') ? BlobStoreUnavailable : MetadataStoreUnavailable
    throw new Unavailable(`injected: call ${this.#nth}, ${call.name}`)
  }
}
