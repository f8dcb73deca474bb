import { LRUCache } from 'lru-cache'

import { RegistryError, refuse } from '../errors.ts'
import { type Action, actions } from '../iam/actions.ts'
import { repositoryArn } from '../iam/arn.ts'
import { contextOf } from '../iam/context.ts'
import { type Decision, denialReason, evaluate } from '../iam/evaluate.ts'
import { type Policy, parseRepositoryPolicy } from '../iam/policy.ts'
import { nameOfPrincipal } from '../iam/principal.ts'
import type { RepositoryAddress, RepositoryRecord } from '../metadata/metadata-store.ts'
import { factsOf, spellingOf } from './address.ts'
import type { Call, ScopeAction } from './call.ts'

/** What can be asked of a repository: each verb of the registry names one, whichever door it came in by. */
export type RepositoryAction = Extract<Action, `ecr-public:${string}`>

/** What a request says of resource tags, for the conditions on them. */
export interface TagFacts {
  /** The tags it would set. */
  readonly requestTags?: ReadonlyMap<string, string>
  /** The keys it names. */
  readonly tagKeys?: readonly string[]
}

/** Actions that only read an image's content: everybody may, unless the repository is private. */
const pullActions: ReadonlySet<RepositoryAction> = new Set<RepositoryAction>([
  'ecr-public:BatchGetImage',
  'ecr-public:GetDownloadUrlForLayer',
])

const deleteActions: ReadonlySet<RepositoryAction> = new Set<RepositoryAction>(['ecr-public:BatchDeleteImage'])

/** Compiled repository policies, by their text: a function of it, so nothing here can be out of date. */
const compiledPoliciesMax = 1_000

/**
 * The one place where a request is allowed or refused. Pulling from a repository that is not private is open to all, as
 * on ECR Public; everything else is what the policies allow (`iam/evaluate.ts`), which without any is: all to the root
 * user of the account that owns the resource, nothing to others.
 */
export class Access {
  readonly #policies = new LRUCache<string, Policy>({ max: compiledPoliciesMax })

  /** While it is set, nothing is changed at anybody's request, whatever the policies allow. */
  isReadOnly = false

  /**
   * Refuses `AccessDenied` to a user; `Unauthenticated` to one who is nobody in particular, or whose token is too
   * narrow; `ReadOnly`. A private repository is unknown to those who may not read it.
   */
  require(
    call: Call,
    action: RepositoryAction,
    repository: RepositoryRecord,
    address: RepositoryAddress,
    tags: TagFacts = {},
  ): void {
    // What is open to all needs no token to be for it, either: clients mount from repositories they named in no scope.
    if (pullActions.has(action) && !repository.isPrivate) return
    if (pullActions.has(action)) this.#requirePrivatePull(call, action, repository, address)
    else this.#require(call, action, this.decide(call, action, repository, tags), arnOf(repository))
    this.requireScope(call, action, address)
    this.#requireWritable(action)
  }

  /** What the policies say of an action on a repository, and why. Public pulls are not asked of them. */
  decide(call: Call, action: RepositoryAction, repository: RepositoryRecord, tags: TagFacts = {}): Decision {
    return evaluate({
      principal: call.principal,
      action,
      resource: arnOf(repository),
      resourceAccountId: repository.accountId,
      identityPolicies: call.identityPolicies,
      repositoryPolicy: repository.policy === undefined ? undefined : this.#compiled(repository.policy),
      context: contextOf({
        ...call.origin,
        ...tags,
        principal: call.principal,
        now: call.now,
        resourceAccountId: repository.accountId,
        resourceTags: repository.resourceTags,
      }),
    })
  }

  /** Whether a repository's content is the caller's to read, by its token too where that is narrowed. */
  canPull(call: Call, repository: RepositoryRecord, address: RepositoryAddress): boolean {
    try {
      this.require(call, 'ecr-public:BatchGetImage', repository, address)
      return true
    } catch (error) {
      if (error instanceof RegistryError) return false
      throw error
    }
  }

  /**
   * A bearer token is for the image names it lists. One that falls short is asked for anew, so this refuses
   * `Unauthenticated`, and not `AccessDenied`.
   */
  requireScope(call: Call, action: RepositoryAction, address: RepositoryAddress): void {
    if (!call.scopes) return
    const name = `${spellingOf(address.registry)}/${address.name}`
    const wanted: ScopeAction = pullActions.has(action) ? 'pull' : deleteActions.has(action) ? 'delete' : 'push'
    const isCovered = call.scopes.some((scope) => scope.name === name && scope.actions.includes(wanted))
    if (!isCovered) throw refuse('Unauthenticated', { reason: `the token is not for ${wanted} on ${name}` })
  }

  /** Whether the caller may put blobs into a repository. */
  canPush(call: Call, repository: RepositoryRecord): boolean {
    return !this.isReadOnly && this.decide(call, 'ecr-public:InitiateLayerUpload', repository).effect === 'allow'
  }

  /** For actions on what is no repository yet, on many, or on a registry. Refuses as `require` does. */
  requireOn(
    call: Call,
    action: Action,
    target: { readonly accountId: string; readonly resource: string } & TagFacts,
  ): void {
    const { accountId, resource, ...tags } = target
    const decision = evaluate({
      principal: call.principal,
      action,
      resource,
      resourceAccountId: accountId,
      identityPolicies: call.identityPolicies,
      context: contextOf({
        ...call.origin,
        ...tags,
        principal: call.principal,
        now: call.now,
        resourceAccountId: accountId,
      }),
    })
    this.#require(call, action, decision, resource)
    this.#requireWritable(action)
  }

  /** The caller's own account, for verbs that act on it without being told. Refuses `Unauthenticated`. */
  accountOf(call: Call): string {
    if (call.principal.kind !== 'user') throw refuse('Unauthenticated', { reason: 'this needs an account' })
    return call.principal.accountId
  }

  /** What a token for a repository may be good for. Pulling is asked of each request anew, so it is never left out. */
  grants(call: Call, repository: RepositoryRecord): ScopeAction[] {
    const isAllowed = (action: RepositoryAction) => this.decide(call, action, repository).effect === 'allow'
    const granted: ScopeAction[] = ['pull']
    if (isAllowed('ecr-public:InitiateLayerUpload') || isAllowed('ecr-public:PutImage')) granted.push('push')
    if (isAllowed('ecr-public:BatchDeleteImage')) granted.push('delete')
    return granted
  }

  #requirePrivatePull(
    call: Call,
    action: RepositoryAction,
    repository: RepositoryRecord,
    address: RepositoryAddress,
  ): void {
    if (this.decide(call, action, repository).effect === 'allow') return
    if (!call.hasCredential) throw refuse('Unauthenticated', { reason: 'no credential was given' })
    throw refuse('RepositoryUnknown', factsOf(address))
  }

  #require(call: Call, action: Action, decision: Decision, resource: string): void {
    if (decision.effect === 'allow') return
    if (call.principal.kind === 'anonymous') throw refuse('Unauthenticated', { reason: 'no user was given' })
    throw refuse('AccessDenied', {
      principal: nameOfPrincipal(call.principal),
      action,
      resource,
      reason: denialReason(decision, action),
    })
  }

  #requireWritable(action: Action): void {
    const { access } = actions[action]
    if (this.isReadOnly && access !== 'List' && access !== 'Read') throw refuse('ReadOnly', {})
  }

  #compiled(text: string): Policy {
    let policy = this.#policies.get(text)
    if (!policy) {
      policy = parseRepositoryPolicy(text)
      this.#policies.set(text, policy)
    }
    return policy
  }
}

function arnOf(repository: RepositoryRecord): string {
  return repositoryArn(repository.accountId, repository.name)
}
