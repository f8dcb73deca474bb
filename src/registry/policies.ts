import { refuse } from '../errors.ts'
import { parseArn } from '../iam/arn.ts'
import { parseRepositoryPolicy } from '../iam/policy.ts'
import { PolicyInvalid } from '../iam/policy-invalid.ts'
import { listAt, objectAt, parsePolicyJson, stringsAt } from '../iam/policy-json.ts'
import { formatPolicyText } from '../iam/policy-text.ts'
import { nameOfPrincipal } from '../iam/principal.ts'
import type { MetadataStore, RepositoryAddress, RepositoryRecord } from '../metadata/metadata-store.ts'
import type { Access } from './access.ts'
import { factsOf } from './address.ts'
import type { Call } from './call.ts'
import type { Repositories } from './repositories.ts'

export interface RepositoryPolicy {
  readonly repository: RepositoryRecord
  /** Laid out as ECR lays it out. What is kept is the text as it was set: laid out, it could be too long to be read again. */
  readonly text: string
}

/** Policies of repositories: who else may do what with one. */
export class Policies {
  readonly #metadata: MetadataStore
  readonly #repositories: Repositories
  readonly #access: Access

  constructor(parts: { metadata: MetadataStore; repositories: Repositories; access: Access }) {
    this.#metadata = parts.metadata
    this.#repositories = parts.repositories
    this.#access = parts.access
  }

  /** Refuses `PolicyUnknown`. */
  async get(call: Call, address: RepositoryAddress): Promise<RepositoryPolicy> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:GetRepositoryPolicy')
    return { repository, text: textOf(address, repository) }
  }

  /**
   * Set a policy in place of the one there was. Refuses `PolicyInvalid`; `PolicyPrincipalUnknown`, since a name that is
   * nobody's today may be somebody else's tomorrow; and, unless forced, `PolicyLocksOut`.
   */
  async set(
    call: Call,
    address: RepositoryAddress,
    text: string,
    options: { readonly isForced: boolean },
  ): Promise<RepositoryPolicy> {
    const action = 'ecr-public:SetRepositoryPolicy'
    const repository = await this.#repositories.get(call, address, action)
    requireValid(text)
    await this.#requirePrincipals(text)
    await this.#repositories.change(address, repository, async (tx, current) => {
      const changed = { ...current, policy: text }
      if (!options.isForced && this.#access.decide(call, action, changed).effect === 'deny') {
        throw refuse('PolicyLocksOut', { ...factsOf(address), principal: nameOfPrincipal(call.principal) })
      }
      await tx.repositories.setPolicy(current.id, text)
    })
    return { repository, text: formatPolicyText(text) }
  }

  /** Returns the policy that is gone. Refuses `PolicyUnknown`. */
  async delete(call: Call, address: RepositoryAddress): Promise<RepositoryPolicy> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:DeleteRepositoryPolicy')
    const text = await this.#repositories.change(address, repository, async (tx, current) => {
      const removed = textOf(address, current)
      await tx.repositories.setPolicy(current.id, undefined)
      return removed
    })
    return { repository, text }
  }

  async #requirePrincipals(text: string): Promise<void> {
    for (const principal of new Set(principalsIn(text))) {
      if (!(await this.#isKnown(principal))) throw refuse('PolicyPrincipalUnknown', { principal })
    }
  }

  async #isKnown(principal: string): Promise<boolean> {
    if (principal === '*') return true
    const { accounts, users } = this.#metadata.view
    const arn = parseArn(principal)
    if (arn?.kind === 'user') {
      const user = await users.find(arn.accountId, arn.name)
      // The root user goes by its account's name, and not by one of its own.
      return user !== undefined && !user.isRoot
    }
    // An account, by its root or by its id. What else there is at AWS, there is no account of that name here.
    return (await accounts.find(arn?.kind === 'root' ? arn.accountId : principal)) !== undefined
  }
}

function textOf(address: RepositoryAddress, { policy }: RepositoryRecord): string {
  if (policy === undefined) throw refuse('PolicyUnknown', factsOf(address))
  return formatPolicyText(policy)
}

function requireValid(text: string): void {
  try {
    parseRepositoryPolicy(text)
  } catch (error) {
    if (!(error instanceof PolicyInvalid)) throw error
    throw refuse('PolicyInvalid', { reason: error.reason, path: error.path }, { cause: error })
  }
}

/** The principals of this kind of world that a valid policy names, in Principal and NotPrincipal alike. */
function principalsIn(text: string): string[] {
  return listAt(parsePolicyJson(text).Statement, 'Statement').flatMap((element, index) => {
    const path = `Statement[${index}]`
    const statement = objectAt(element, path)
    const principal = statement.Principal ?? statement.NotPrincipal
    if (principal === '*') return []
    const { AWS: names } = objectAt(principal, path)
    return names === undefined ? [] : stringsAt(names, path)
  })
}
