import type { NamedPolicy } from '../iam/evaluate.ts'
import type { Principal } from '../iam/principal.ts'

/** Who asks, from where and when: the first argument of every verb of the registry. */
export interface Call {
  readonly principal: Principal
  /** The principal's own policies. Nobody in particular has none, and a root user needs none. */
  readonly identityPolicies: readonly NamedPolicy[]
  /**
   * Whether the caller showed a credential at all, be it an anonymous token. One who did not is asked for one where
   * one who did is told no.
   */
  readonly hasCredential: boolean
  /** What the caller's token was narrowed to; `undefined` when it stands for all its principal may do. */
  readonly scopes: readonly TokenScope[] | undefined
  /** What conditions of policies may ask about the request itself. */
  readonly origin: CallOrigin
  /** Through which door the call came, for the record. */
  readonly door: 'api' | 'registry' | 'command'
  readonly requestId: string
  /** Milliseconds since the epoch. */
  readonly now: number
}

export interface CallOrigin {
  readonly sourceIp: string | undefined
  readonly isSecure: boolean
  readonly userAgent: string | undefined
  readonly referer: string | undefined
}

/** A grant inside a bearer token, in the form of the Docker token specification: what may be done with one image name. */
export interface TokenScope {
  /** `<alias>/<repository>`. */
  readonly name: string
  readonly actions: readonly ScopeAction[]
}

export type ScopeAction = 'pull' | 'push' | 'delete'
