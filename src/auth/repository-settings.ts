import { parseRepositoryPolicy } from '../iam/policy.ts'
import type {
  MetadataStore,
  Page,
  RegistryAddress,
  RepositoriesTransaction,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata/metadata-store.ts'
import type { Alias, RepositoryName } from '../oci/repository-name.ts'
import { accountIn } from './accounts.ts'
import { everyRow } from './every-row.ts'
import { IdentityError } from './identity-error.ts'
import { requirePolicy } from './user-policies.ts'

/** A repository, with what only an operator decides about it. */
export interface ManagedRepository {
  readonly accountId: string
  readonly name: string
  /** Only those whom a policy allows may pull. */
  readonly isPrivate: boolean
  /** A tag once set cannot be moved. */
  readonly hasImmutableTags: boolean
  /** IAM JSON, as it was given; `undefined` for none. */
  readonly policy: string | undefined
}

/**
 * Settings and policies of repositories, each named as `<alias>/<repository>` or `<account id>/<repository>`. Changes hold
 * for the next request. Refuses `RepositoryUnknown`.
 */
export class RepositorySettings {
  readonly #metadata: MetadataStore

  constructor(parts: { metadata: MetadataStore }) {
    this.#metadata = parts.metadata
  }

  /** All of an account's, by name. */
  async list(account: string | undefined): Promise<ManagedRepository[]> {
    const { view } = this.#metadata
    const { id } = await accountIn(view, account)
    const records = await everyRow(
      (page: Page<RepositoryName>) => view.repositories.list(id, page),
      ({ name }) => name,
    )
    return records.map(toManaged)
  }

  async get(repository: string): Promise<ManagedRepository> {
    const found = await this.#metadata.view.repositories.find(addressIn(repository))
    if (!found) throw new IdentityError('RepositoryUnknown', { repository })
    return toManaged(found)
  }

  /** Set what is given and leave the rest. */
  change(
    repository: string,
    changes: Partial<Pick<ManagedRepository, 'isPrivate' | 'hasImmutableTags'>>,
  ): Promise<ManagedRepository> {
    return this.#change(repository, async (repositories, current) => {
      const changed = { ...current, ...changes }
      await repositories.setSettings(current.id, changed)
      return changed
    })
  }

  /** Refuses `PolicyInvalid`. */
  async putPolicy(repository: string, text: string): Promise<ManagedRepository> {
    requirePolicy(text, parseRepositoryPolicy)
    return this.#change(repository, async (repositories, current) => {
      await repositories.setPolicy(current.id, text)
      return { ...current, policy: text }
    })
  }

  /** Refuses `RepositoryPolicyUnknown`. */
  deletePolicy(repository: string): Promise<ManagedRepository> {
    return this.#change(repository, async (repositories, current) => {
      if (current.policy === undefined) throw new IdentityError('RepositoryPolicyUnknown', { repository })
      await repositories.setPolicy(current.id, undefined)
      return { ...current, policy: undefined }
    })
  }

  #change(
    repository: string,
    change: (repositories: RepositoriesTransaction, current: RepositoryRecord) => Promise<RepositoryRecord>,
  ): Promise<ManagedRepository> {
    return this.#metadata.write(async (tx) => {
      const current = await tx.repositories.find(addressIn(repository))
      if (!current) throw new IdentityError('RepositoryUnknown', { repository })
      return toManaged(await change(tx.repositories, current))
    })
  }
}

/** What is no alias or no repository's name by its form is simply not found. */
export function addressIn(text: string): RepositoryAddress {
  const slash = text.indexOf('/')
  const [first, name] = slash < 0 ? ['', text] : [text.slice(0, slash), text.slice(slash + 1)]
  const registry: RegistryAddress = /^[0-9]{12}$/.test(first)
    ? { kind: 'account', accountId: first }
    : { kind: 'alias', alias: first as Alias }
  return { registry, name: name as RepositoryName }
}

function toManaged({ accountId, name, isPrivate, hasImmutableTags, policy }: RepositoryRecord): ManagedRepository {
  return { accountId, name, isPrivate, hasImmutableTags, policy }
}
