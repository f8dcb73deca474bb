import { type Action, actions, parseAction } from '../iam/actions.ts'
import { parseArn, repositoryArn } from '../iam/arn.ts'
import { type ConditionContext, type ContextValue, contextFrom, contextOf } from '../iam/context.ts'
import { type Decision, describeDenial, evaluate, type StatementOfPolicy } from '../iam/evaluate.ts'
import { parseRepositoryPolicy } from '../iam/policy.ts'
import { anonymous, nameOfPrincipal, type Principal } from '../iam/principal.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataStore, MetadataView, RepositoryRecord } from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { AccessKeys, KeyHolder } from './access-keys.ts'
import { accountIn } from './accounts.ts'
import { IdentityError } from './identity-error.ts'
import { addressIn } from './repository-settings.ts'
import { userIn, usersIn } from './users.ts'

export interface AccessInQuestion {
  /** A user's name, the ARN of a user or of an account's root, or `anonymous`. */
  readonly principal: string
  /** Whose user is meant by a name; as in `Accounts`. */
  readonly account?: string | undefined
  /** `ecr-public:PutImage`, or `PutImage`. */
  readonly action: string
  /** `<alias>/<repository>`, the ARN of a repository or registry, or `*`. */
  readonly resource: string
  /** Condition keys of the request: `aws:SourceIp`, say. They win over what is known without a request. */
  readonly context?: Readonly<Record<string, ContextValue>> | undefined
}

/** What would be answered, and why. */
export interface Explanation {
  /** An ARN, or `anonymous`. */
  readonly principal: string
  readonly action: Action
  /** An ARN, or `*`. */
  readonly resource: string
  readonly isAllowed: boolean
  /** What decided; `nothing` where nothing allows, which is a no. */
  readonly decidedBy: StatementOfPolicy | { readonly kind: 'root' | 'public' | 'nothing' }
  /** AWS's own about a refusal; `undefined` when it is none. */
  readonly sentence: string | undefined
}

/**
 * Ask the policies as a request does. Whether a bearer token was narrowed, and to what, is not known here.
 * Refuses `PrincipalUnknown`, `ActionUnknown`, `ResourceUnknown`, `RepositoryUnknown` and what `Users.get` refuses.
 */
export async function explain(
  parts: { readonly metadata: MetadataStore; readonly accessKeys: AccessKeys; readonly clock: Clock },
  asked: AccessInQuestion,
): Promise<Explanation> {
  const { view } = parts.metadata
  const action = parseAction(asked.action.includes(':') ? asked.action : `ecr-public:${asked.action}`)
  if (!action) throw new IdentityError('ActionUnknown', { action: asked.action })
  const { principal, policies } = await holderNamed(view, parts.accessKeys, asked)
  const { resource, accountId, repository } = await resourceNamed(view, asked.resource, principal)

  const decision = evaluate({
    principal,
    action,
    resource,
    resourceAccountId: accountId,
    identityPolicies: policies,
    repositoryPolicy: repository?.policy === undefined ? undefined : parseRepositoryPolicy(repository.policy),
    context: contextWith(
      asked.context,
      contextOf({
        principal,
        now: parts.clock(),
        isSecure: false,
        resourceAccountId: accountId,
        resourceTags: repository?.resourceTags,
      }),
    ),
  })
  const asAsked = { principal: nameOfPrincipal(principal), action, resource }
  // As `registry/access.ts` has it: no policy is asked about pulling what is not private.
  if (actions[action].isOurs && repository && !repository.isPrivate) {
    return { ...asAsked, isAllowed: true, decidedBy: { kind: 'public' }, sentence: undefined }
  }
  return { ...asAsked, ...outcomeOf(decision, principal, action, resource) }
}

function outcomeOf(decision: Decision, principal: Principal, action: Action, resource: string) {
  if (decision.effect === 'allow') return { isAllowed: true, decidedBy: decision.decidedBy, sentence: undefined }
  const decidedBy = decision.reason === 'explicit-deny' ? decision.decidedBy : ({ kind: 'nothing' } as const)
  return { isAllowed: false, decidedBy, sentence: describeDenial(decision, principal, action, resource) }
}

async function holderNamed(
  view: MetadataView,
  accessKeys: AccessKeys,
  { principal, account }: AccessInQuestion,
): Promise<Pick<KeyHolder, 'policies'> & { readonly principal: Principal }> {
  if (principal === 'anonymous') return { principal: anonymous, policies: [] }
  if (!principal.startsWith('arn:')) return accessKeys.asHolder(await userIn(view, account, principal))
  const arn = parseArn(principal)
  if (arn?.kind === 'user') return accessKeys.asHolder(await userIn(view, arn.accountId, arn.name))
  if (arn?.kind === 'root') {
    const { id } = await accountIn(view, arn.accountId)
    const root = (await usersIn(view, id)).find(({ isRoot }) => isRoot)
    if (root) return accessKeys.asHolder(root)
  }
  throw new IdentityError('PrincipalUnknown', { principal })
}

interface Resource {
  readonly resource: string
  readonly accountId: string
  readonly repository: RepositoryRecord | undefined
}

async function resourceNamed(view: MetadataView, text: string, principal: Principal): Promise<Resource> {
  const ownAccountId = principal.kind === 'user' ? principal.accountId : ''
  if (text === '*') return { resource: text, accountId: ownAccountId, repository: undefined }
  const arn = parseArn(text)
  if (arn?.kind === 'registry') return { resource: text, accountId: arn.accountId, repository: undefined }
  if (arn?.kind === 'repository') {
    // It may be yet to be created.
    const registry = { kind: 'account', accountId: arn.accountId } as const
    const repository = await view.repositories.find({ registry, name: arn.name as RepositoryName })
    return { resource: text, accountId: arn.accountId, repository }
  }
  if (arn || text.startsWith('arn:')) throw new IdentityError('ResourceUnknown', { resource: text })
  const repository = await view.repositories.find(addressIn(text))
  if (!repository) throw new IdentityError('RepositoryUnknown', { repository: text })
  return { resource: repositoryArn(repository.accountId, repository.name), accountId: repository.accountId, repository }
}

function contextWith(given: AccessInQuestion['context'], known: ConditionContext): ConditionContext {
  const stated = contextFrom(given ?? {})
  return { get: (key) => stated.get(key) ?? known.get(key) }
}
