import { isIPv4 } from 'node:net'

import type { Principal } from './principal.ts'

/** What a request says under a condition key. Only `aws:TagKeys` and keys of services have more than one value. */
export type ContextValue = string | readonly string[]

/**
 * The condition keys of one request, asked for by name in lower case, since IAM compares the names without regard to
 * case. `undefined` for a key that the request does not have. A `Map` with such keys is one.
 */
export interface ConditionContext {
  get(key: string): ContextValue | undefined
}

/** What is known of a request besides its action and resource. */
export interface RequestFacts {
  readonly principal: Principal
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly isSecure: boolean
  readonly sourceIp?: string | undefined
  readonly userAgent?: string | undefined
  readonly referer?: string | undefined
  readonly region?: string | undefined
  /** The account that owns the resource. */
  readonly resourceAccountId?: string | undefined
  readonly resourceTags?: ReadonlyMap<string, string> | undefined
  /** The tags that the request would set. */
  readonly requestTags?: ReadonlyMap<string, string> | undefined
  /** The tag keys that the request names; those of `requestTags` unless given. */
  readonly tagKeys?: readonly string[] | undefined
  /** Condition keys of services, such as `sts:AWSServiceName`: see `contextFrom`. */
  readonly serviceKeys?: ConditionContext | undefined
}

/** Longer headers are cut: what a hostile pattern costs at worst is the product of its length and the value's. */
export const headerValueLengthMax = 256

/** A context of given keys, spelled in any case. */
export function contextFrom(keys: Readonly<Record<string, ContextValue>>): ConditionContext {
  return new Map(Object.entries(keys).map(([key, value]) => [key.toLowerCase(), value]))
}

/**
 * The condition keys of a request, by the IAM User Guide, "AWS global condition context keys" and "Principal key values".
 * Nothing is computed before a policy asks for it: most never do.
 */
export function contextOf(facts: RequestFacts): ConditionContext {
  return { get: (key) => globalKey(key, facts) ?? principalKey(key, facts.principal) ?? otherKey(key, facts) }
}

function globalKey(key: string, facts: RequestFacts): string | undefined {
  switch (key) {
    case 'aws:currenttime':
      return new Date(facts.now).toISOString()
    case 'aws:epochtime':
      return String(Math.floor(facts.now / 1000))
    case 'aws:securetransport':
      return String(facts.isSecure)
    case 'aws:sourceip':
      return facts.sourceIp === undefined ? undefined : plainAddress(facts.sourceIp)
    case 'aws:useragent':
      return facts.userAgent?.slice(0, headerValueLengthMax)
    case 'aws:referer':
      return facts.referer?.slice(0, headerValueLengthMax)
    case 'aws:requestedregion':
      return facts.region
    case 'aws:resourceaccount':
      return facts.resourceAccountId
    case 'aws:viaawsservice':
      return 'false'
    default:
      return undefined
  }
}

/** Keys that say who asks. Of someone anonymous only the two that say just that are present. */
function principalKey(key: string, principal: Principal): string | undefined {
  const user = principal.kind === 'user' ? principal : undefined
  switch (key) {
    case 'aws:principaltype':
      return user ? (user.isRoot ? 'Account' : 'User') : 'Anonymous'
    case 'aws:userid':
      return user ? (user.isRoot ? user.accountId : user.userId) : 'anonymous'
    case 'aws:username':
      return user && !user.isRoot ? user.userName : undefined
    case 'aws:principalarn':
      return user?.arn
    case 'aws:principalaccount':
      return user?.accountId
    case 'aws:principalisawsservice':
      return user && 'false'
    default:
      return undefined
  }
}

const RESOURCE_TAG = /^(?:aws|ecr-public):resourcetag\/(.+)$/s
const REQUEST_TAG = /^aws:requesttag\/(.+)$/s

function otherKey(key: string, facts: RequestFacts): ContextValue | undefined {
  if (key === 'aws:tagkeys') return facts.tagKeys ?? (facts.requestTags && [...facts.requestTags.keys()])
  const resourceTag = RESOURCE_TAG.exec(key)?.[1]
  if (resourceTag !== undefined) return findTag(facts.resourceTags, resourceTag)
  const requestTag = REQUEST_TAG.exec(key)?.[1]
  if (requestTag !== undefined) return findTag(facts.requestTags, requestTag)
  return facts.serviceKeys?.get(key)
}

/** Tag keys differ by case, condition keys do not: the first tag that fits is the one. */
function findTag(tags: ReadonlyMap<string, string> | undefined, lowerCaseKey: string): string | undefined {
  for (const [key, value] of tags ?? []) if (key.toLowerCase() === lowerCaseKey) return value
  return undefined
}

/** A socket that listens on IPv4 and IPv6 alike reports IPv4 callers as `::ffff:192.0.2.1`. */
function plainAddress(address: string): string {
  const embedded = address.slice(address.lastIndexOf(':') + 1)
  return address.toLowerCase().startsWith('::ffff:') && isIPv4(embedded) ? embedded : address
}
