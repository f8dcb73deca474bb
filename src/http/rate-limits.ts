import { isIPv6 } from 'node:net'

import { refuse } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { TokenBuckets } from '../lib/token-bucket.ts'
import type { Call } from '../registry/call.ts'
import { burstSeconds, type OperationName, type RatedAction, type Rates } from './rates.ts'

/** What a request counts as; a pull is one of two, by whether somebody in particular asks for it. */
export type CountedAction = OperationName | 'pull'

/** Callers that are kept count of, for each action. */
const callersMax = 10_000

/**
 * How often each caller may do what: users by their account, everybody else by where they ask from. Both doors count
 * together. What is not in `rates` is not limited, which by default is everything.
 */
export class RateLimits {
  readonly #buckets: ReadonlyMap<RatedAction, TokenBuckets>

  constructor({ rates, clock }: { rates: Rates; clock: Clock }) {
    const bucketsFor = (perSecond: number) =>
      new TokenBuckets({ perSecond, burst: Math.max(1, perSecond * burstSeconds), bucketsMax: callersMax, clock })
    this.#buckets = new Map([...rates].map(([action, perSecond]) => [action, bucketsFor(perSecond)]))
  }

  /** Count an action that is about to be done. Refuses `RateExceeded`. */
  count({ principal, origin }: Call, action: CountedAction): void {
    const isUser = principal.kind === 'user'
    const rated = action !== 'pull' ? action : isUser ? 'authenticated-pull' : 'anonymous-pull'
    const buckets = this.#buckets.get(rated)
    if (!buckets) return
    const retryAfterMs = buckets.take(isUser ? principal.accountId : networkOf(origin.sourceIp ?? ''))
    if (retryAfterMs > 0) throw refuse('RateExceeded', { retryAfterMs })
  }
}

/** Who has an IPv6 address has a whole /64 to ask from, so that counts as one address. */
function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address
  const [start = '', end] = address.split('::').map((half) => half.split(':'))
  const zeros = end === undefined ? 0 : 8 - start.length - end.length
  return [...start, ...Array(zeros).fill('0'), ...(end ?? [])].slice(0, 4).join(':')
}
