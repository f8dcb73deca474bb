import { LRUCache } from 'lru-cache'

import type { Clock } from './clock.ts'

export interface TokenBucketOptions {
  /** Tokens that come back in a second. */
  readonly perSecond: number
  /** Tokens that a bucket holds, and has at first: what may be taken at once after a rest. At least 1. */
  readonly burst: number
  /** Buckets that are remembered, the last used of all. One that was forgotten is full when it is asked for again. */
  readonly bucketsMax: number
  readonly clock: Clock
}

/** Token counts are in thousandths, so that whole milliseconds at a whole rate are exact. */
const one = 1000

/** A token bucket for each key: how often something may happen, evened out over time. */
export class TokenBuckets {
  readonly #perSecond: number
  readonly #capacity: number
  readonly #clock: Clock
  readonly #buckets: LRUCache<string, { tokens: number; at: number }>

  constructor({ perSecond, burst, bucketsMax, clock }: TokenBucketOptions) {
    this.#perSecond = perSecond
    this.#capacity = burst * one
    this.#clock = clock
    this.#buckets = new LRUCache({ max: bucketsMax })
  }

  /** Take a token out of a key's bucket. Returns 0, or the milliseconds until there will be one, and none is taken. */
  take(key: string): number {
    const now = this.#clock()
    let bucket = this.#buckets.get(key)
    if (!bucket) {
      bucket = { tokens: this.#capacity, at: now }
      this.#buckets.set(key, bucket)
    }
    // A clock that was set back gives nothing, and takes nothing away.
    const returned = Math.max(0, now - bucket.at) * this.#perSecond
    bucket.tokens = Math.min(this.#capacity, bucket.tokens + returned)
    bucket.at = now
    if (bucket.tokens < one) return Math.ceil((one - bucket.tokens) / this.#perSecond)
    bucket.tokens -= one
    return 0
  }
}
