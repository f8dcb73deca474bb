import { parseRepositoryPolicy } from '../iam/policy.ts'
import type { Clock } from '../lib/clock.ts'
import type {
  MetadataStore,
  MetadataTransaction,
  Page,
  RegistryAddress,
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
  /** How long an image without a tag is kept, in milliseconds; `undefined`: until it is deleted, as on ECR. */
  readonly untaggedKeepMs: number | undefined
  /** IAM JSON, as it was given; `undefined` for none. */
  readonly policy: string | undefined
}

/**
 * Settings and policies of repositories, each named as `<alias>/<repository>` or `<account id>/<repository>`. Changes hold
 * for the next request. Refuses `RepositoryUnknown`.
 */
export class RepositorySettings {
  readonly #metadata: MetadataStore
  readonly #clock: Clock

  constructor(parts: { metadata: MetadataStore; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#clock = parts.clock
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

  /**
   * Set what is given and leave the rest. The time that untagged images are kept begins now for those that are untagged
   * already.
   */
  change(
    repository: string,
    changes: Partial<Pick<ManagedRepository, 'isPrivate' | 'hasImmutableTags' | 'untaggedKeepMs'>>,
  ): Promise<ManagedRepository> {
    return this.#change(repository, async (tx, current) => {
      const changed = { ...current, ...changes }
      await tx.repositories.setSettings(current.id, changed)
      if (changes.untaggedKeepMs !== undefined) {
        await tx.reviews.putUntagged(current.id, this.#clock() + changes.untaggedKeepMs)
      }
      return changed
    })
  }

  /** Refuses `PolicyInvalid`. */
  async putPolicy(repository: string, text: string): Promise<ManagedRepository> {
    requirePolicy(text, parseRepositoryPolicy)
    return this.#change(repository, async (tx, current) => {
      await tx.repositories.setPolicy(current.id, text)
      return { ...current, policy: text }
    })
  }

  /** Refuses `RepositoryPolicyUnknown`. */
  deletePolicy(repository: string): Promise<ManagedRepository> {
    return this.#change(repository, async (tx, current) => {
      if (current.policy === undefined) throw new IdentityError('RepositoryPolicyUnknown', { repository })
      await tx.repositories.setPolicy(current.id, undefined)
      return { ...current, policy: undefined }
    })
  }

  #change(
    repository: string,
    change: (tx: MetadataTransaction, current: RepositoryRecord) => Promise<RepositoryRecord>,
  ): Promise<ManagedRepository> {
    return this.#metadata.write(async (tx) => {
      const current = await tx.repositories.find(addressIn(repository))
      if (!current) throw new IdentityError('RepositoryUnknown', { repository })
      return toManaged(await change(tx, current))
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

function toManaged(record: RepositoryRecord): ManagedRepository {
  const { accountId, name, isPrivate, hasImmutableTags, untaggedKeepMs, policy } = record
  return { accountId, name, isPrivate, hasImmutableTags, untaggedKeepMs, policy }
}
