import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { AccessKeys } from './access-keys.ts'
import { Accounts } from './accounts.ts'
import { type AccessInQuestion, type Explanation, explain } from './explain.ts'
import { RepositorySettings } from './repository-settings.ts'
import type { SigningKeys } from './signing-keys.ts'
import { UserKeys } from './user-keys.ts'
import { UserPolicies } from './user-policies.ts'
import { Users } from './users.ts'

/**
 * Who there is and what they may do, for whoever operates the registry: nothing here asks who asks. Every change is one
 * transaction, and holds for the next request of every process that serves from the same data. Refusals are
 * `IdentityError`s.
 */
export class Identities {
  readonly accounts: Accounts
  readonly users: Users
  readonly keys: UserKeys
  readonly policies: UserPolicies
  readonly repositories: RepositorySettings
  readonly signingKeys: SigningKeys
  readonly #parts: { metadata: MetadataStore; accessKeys: AccessKeys; clock: Clock }

  constructor(parts: { metadata: MetadataStore; accessKeys: AccessKeys; signingKeys: SigningKeys; clock: Clock }) {
    this.#parts = parts
    this.accounts = new Accounts(parts)
    this.users = new Users(parts)
    this.keys = new UserKeys(parts)
    this.policies = new UserPolicies(parts)
    this.repositories = new RepositorySettings(parts)
    this.signingKeys = parts.signingKeys
  }

  /** Whether somebody may do something, and which statement of which policy says so. */
  explain(asked: AccessInQuestion): Promise<Explanation> {
    return explain(this.#parts, asked)
  }
}
