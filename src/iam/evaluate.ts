import type { Action } from './actions.ts'
import { splitArn } from './arn-pattern.ts'
import type { ConditionContext } from './context.ts'
import type { Policy } from './policy.ts'
import { nameOfPrincipal, type Principal } from './principal.ts'
import type { Statement } from './statement.ts'

/** A question put to the policies: may this principal do this to that? */
export interface AccessQuestion {
  readonly principal: Principal
  readonly action: Action
  /** An ARN, or `*` for an action that has no resource. */
  readonly resource: string
  /** The account that owns the resource; where there is none, the principal's own. */
  readonly resourceAccountId: string
  /** The principal's own policies. Someone anonymous has none. */
  readonly identityPolicies: readonly NamedPolicy[]
  readonly repositoryPolicy?: Policy | undefined
  readonly context: ConditionContext
}

export interface NamedPolicy {
  readonly name: string
  readonly policy: Policy
}

export type Decision = Allowed | Denied

export interface Allowed {
  readonly effect: 'allow'
  readonly reason: 'allowed'
  readonly decidedBy: StatementOfPolicy | { readonly kind: 'root' }
}

export type Denied =
  | { readonly effect: 'deny'; readonly reason: 'explicit-deny'; readonly decidedBy: StatementOfPolicy }
  | {
      readonly effect: 'deny'
      readonly reason: 'implicit-deny'
      /** The kind of policy that AWS would name as lacking an allow. Within an account, one of either kind would do. */
      readonly lacking: 'identity' | 'repository'
    }

/** A statement, by its policy and its place in it, from 0. */
export type StatementOfPolicy =
  | {
      readonly kind: 'identity'
      readonly policyName: string
      readonly statement: number
      readonly sid: string | undefined
    }
  | { readonly kind: 'repository'; readonly statement: number; readonly sid: string | undefined }

const allowedAsRoot: Allowed = { effect: 'allow', reason: 'allowed', decidedBy: { kind: 'root' } }
const noIdentityAllow: Denied = { effect: 'deny', reason: 'implicit-deny', lacking: 'identity' }
const noRepositoryAllow: Denied = { effect: 'deny', reason: 'implicit-deny', lacking: 'repository' }

/**
 * What the policies say (IAM User Guide, "Policy evaluation logic" and "Cross-account policy evaluation logic"):
 *
 * - A deny that applies, in whichever policy, decides. An account's root user is no exception: it has no identity
 *   policies that could deny, but a repository's policy can, until it is deleted by someone it does not deny.
 * - Otherwise root may do everything within its account, and elsewhere needs the repository policy only.
 * - Within an account an allow of either kind is enough. A repository policy that allows the *account*, not the user,
 *   leaves it to the account's identity policies and so adds nothing here.
 * - Across accounts both kinds must allow: the owner lets the account or the user in, and the account lets its user out.
 * - Someone anonymous has the repository policy only, and only where it says `*`.
 */
export function evaluate(question: AccessQuestion): Decision {
  const inquiry = new Inquiry(question)
  const denied = inquiry.findDeny()
  if (denied) return { effect: 'deny', reason: 'explicit-deny', decidedBy: denied }

  const { principal } = question
  const isWithinAccount = principal.kind === 'user' && principal.accountId === question.resourceAccountId
  if (isWithinAccount && principal.isRoot) return allowedAsRoot

  const byIdentity = inquiry.findIdentityAllow()
  if (isWithinAccount && byIdentity) return { effect: 'allow', reason: 'allowed', decidedBy: byIdentity }

  const byRepository = inquiry.findRepositoryAllow(isWithinAccount)
  if (!byRepository) return isWithinAccount ? noIdentityAllow : noRepositoryAllow

  const needsIdentity = principal.kind === 'user' && !principal.isRoot && !isWithinAccount
  if (needsIdentity && !byIdentity) return noIdentityAllow
  return { effect: 'allow', reason: 'allowed', decidedBy: byRepository }
}

/** One question, with what its answers share worked out once. */
class Inquiry {
  readonly #question: AccessQuestion
  #resource: readonly string[] | undefined

  constructor(question: AccessQuestion) {
    this.#question = question
  }

  findDeny(): StatementOfPolicy | undefined {
    const { identityPolicies, repositoryPolicy, principal } = this.#question
    for (const { name, policy } of identityPolicies) {
      for (const statement of policy.denies) if (this.#appliesTo(statement)) return ofIdentity(name, statement)
    }
    for (const statement of repositoryPolicy?.denies ?? []) {
      if (statement.matchPrincipal(principal) !== 'none' && this.#appliesTo(statement)) return ofRepository(statement)
    }
    return undefined
  }

  findIdentityAllow(): StatementOfPolicy | undefined {
    for (const { name, policy } of this.#question.identityPolicies) {
      for (const statement of policy.allows) if (this.#appliesTo(statement)) return ofIdentity(name, statement)
    }
    return undefined
  }

  findRepositoryAllow(mustNamePrincipal: boolean): StatementOfPolicy | undefined {
    const { repositoryPolicy, principal } = this.#question
    for (const statement of repositoryPolicy?.allows ?? []) {
      const match = statement.matchPrincipal(principal)
      if (match === 'none' || (mustNamePrincipal && match === 'account')) continue
      if (this.#appliesTo(statement)) return ofRepository(statement)
    }
    return undefined
  }

  #appliesTo(statement: Statement): boolean {
    const { action, resource, context } = this.#question
    if (!statement.actions.has(action)) return false
    this.#resource ??= splitArn(resource)
    return statement.matchesResource(this.#resource, context) && statement.holdsFor(context)
  }
}

function ofIdentity(policyName: string, { index, sid }: Statement): StatementOfPolicy {
  return { kind: 'identity', policyName, statement: index, sid }
}

function ofRepository({ index, sid }: Statement): StatementOfPolicy {
  return { kind: 'repository', statement: index, sid }
}

/** AWS's sentence about a refusal, whole. */
export function describeDenial(denied: Denied, principal: Principal, action: Action, resource: string): string {
  const who = nameOfPrincipal(principal)
  return `User: ${who} is not authorized to perform: ${action} on resource: ${resource} ${denialReason(denied, action)}`
}

/** How that sentence ends: `because no identity-based policy allows the … action`, `with an explicit deny in …`. */
export function denialReason(denied: Denied, action: Action): string {
  if (denied.reason === 'explicit-deny') return `with an explicit deny in ${article[denied.decidedBy.kind]} policy`
  return `because no ${adjective[denied.lacking]} policy allows the ${action} action`
}

const adjective = { identity: 'identity-based', repository: 'resource-based' } as const
const article = { identity: 'an identity-based', repository: 'a resource-based' } as const
