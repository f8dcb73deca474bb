import { refuse } from '../errors.ts'
import type { Action } from '../iam/actions.ts'
import { repositoryArn } from '../iam/arn.ts'
import { nameOfPrincipal } from '../iam/principal.ts'
import type { RepositoryAddress, RepositoryRecord } from '../metadata/metadata-store.ts'
import { factsOf, spellingOf } from './address.ts'
import type { Call, ScopeAction } from './call.ts'

/** What can be asked of a repository: each verb of the registry names one, whichever door it came in by. */
export type RepositoryAction = Extract<Action, `ecr-public:${string}`>

/** Actions that only read an image's content: everybody may, unless the repository is private. */
const pullActions: ReadonlySet<RepositoryAction> = new Set<RepositoryAction>([
  'ecr-public:BatchGetImage',
  'ecr-public:GetDownloadUrlForLayer',
])

/**
 * The one place where a request is allowed or refused. Nothing is allowed but what a rule here allows: pulling from a
 * repository that is not private, and everything to the root user of the account that owns the resource.
 */
export class Access {
  /**
   * Refuses `Unauthenticated` to one who showed no credential, or a token too narrow; `AccessDenied` to others. A
   * private repository is unknown to those who may not read it.
   */
  require(call: Call, action: RepositoryAction, repository: RepositoryRecord, address: RepositoryAddress): void {
    if (!call.hasCredential && !(pullActions.has(action) && !repository.isPrivate)) {
      throw refuse('Unauthenticated', { reason: 'no credential was given' })
    }
    requireScope(call, action, address)
    if (pullActions.has(action)) {
      if (!repository.isPrivate || isOwner(call, repository.accountId)) return
      throw refuse('RepositoryUnknown', factsOf(address))
    }
    this.requireOwner(call, action, repository.accountId, repositoryArn(repository.accountId, repository.name))
  }

  /** For actions on what is no repository yet, or on many: the caller has to be one to whom the account is its own. */
  requireOwner(call: Call, action: RepositoryAction, ownerAccountId: string, resource: string): void {
    if (!call.hasCredential) throw refuse('Unauthenticated', { reason: 'no credential was given' })
    if (isOwner(call, ownerAccountId)) return
    const principal = nameOfPrincipal(call.principal)
    throw refuse('AccessDenied', {
      principal,
      action,
      resource,
      reason: `because no identity-based policy allows the ${action} action`,
    })
  }

  /** The caller's own account, for verbs that act on it without being told. */
  requireAccount(call: Call, action: RepositoryAction, resourceOf: (accountId: string) => string): string {
    if (call.principal.kind !== 'user') throw refuse('Unauthenticated', { reason: 'this needs an account' })
    const { accountId } = call.principal
    this.requireOwner(call, action, accountId, resourceOf(accountId))
    return accountId
  }
}

function isOwner(call: Call, accountId: string): boolean {
  return call.principal.kind === 'user' && call.principal.isRoot && call.principal.accountId === accountId
}

/** A bearer token is for the image names it lists. One that falls short is asked for anew, so it is not `AccessDenied`. */
function requireScope(call: Call, action: RepositoryAction, address: RepositoryAddress): void {
  if (!call.scopes) return
  const name = `${spellingOf(address.registry)}/${address.name}`
  const wanted: ScopeAction = pullActions.has(action) ? 'pull' : 'push'
  const isCovered = call.scopes.some((scope) => scope.name === name && scope.actions.includes(wanted))
  if (!isCovered) throw refuse('Unauthenticated', { reason: `the token is not for ${wanted} on ${name}` })
}
