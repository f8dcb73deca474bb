import { isRefusal, RegistryError, refuse } from '../errors.ts'
import { repositoryArn } from '../iam/arn.ts'
import { newRowId } from '../lib/ids.ts'
import type {
  AccountRecord,
  MetadataStore,
  MetadataTransaction,
  Page,
  RegistryAddress,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata/metadata-store.ts'
import { type Alias, type ImageName, isReservedAlias, type RepositoryName } from '../oci/repository-name.ts'
import type { Access, RepositoryAction } from './access.ts'
import { addressIn, addressOf, factsOf, spellingOf } from './address.ts'
import type { Call, ScopeAction } from './call.ts'
import type { RegistryLimits } from './limits.ts'

/** A repository together with the alias that its URI shows. */
export interface DescribedRepository extends RepositoryRecord {
  readonly primaryAlias: Alias | undefined
}

/** Where a push goes: see `Repositories.forPush`. */
export type PushTarget = (tx: MetadataTransaction) => Promise<RepositoryRecord>

export class Repositories {
  readonly #metadata: MetadataStore
  readonly #access: Access
  readonly #limits: RegistryLimits

  constructor(parts: { metadata: MetadataStore; access: Access; limits: RegistryLimits }) {
    this.#metadata = parts.metadata
    this.#access = parts.access
    this.#limits = parts.limits
  }

  /**
   * Create a repository in the caller's own registry, with its tags and what the gallery shows of it, or not at all.
   * Refuses `RepositoryExists`, `RepositoriesExceeded`.
   */
  async create(
    call: Call,
    name: RepositoryName,
    options: {
      readonly tags?: ReadonlyMap<string, string>
      /** Run in the same transaction, for what belongs to the repository. */
      readonly complete?: (tx: MetadataTransaction, repository: RepositoryRecord) => Promise<void>
    } = {},
  ): Promise<DescribedRepository> {
    const accountId = this.#access.accountOf(call)
    const target = { accountId, resource: repositoryArn(accountId, name) }
    const tagFacts = options.tags && { requestTags: options.tags }
    this.#access.requireOn(call, 'ecr-public:CreateRepository', { ...target, ...tagFacts })
    if (options.tags) this.#access.requireOn(call, 'ecr-public:TagResource', { ...target, ...tagFacts })
    const repository = await this.#metadata.write(async (tx) => {
      const inserted = await this.#insert(tx, call, accountId, name, options.tags)
      await options.complete?.(tx, inserted)
      return inserted
    })
    return this.#described(repository)
  }

  /**
   * Delete a repository: it is gone at once, and what it held is removed soon. Refuses `RepositoryNotEmpty` while it
   * has images, unless forced.
   */
  async delete(
    call: Call,
    address: RepositoryAddress,
    options: { readonly isForced: boolean },
  ): Promise<DescribedRepository> {
    const repository = await this.get(call, address, 'ecr-public:DeleteRepository')
    await this.change(address, repository, async (tx, current) => {
      if (current.imageCount > 0 && !options.isForced) throw refuse('RepositoryNotEmpty', factsOf(address))
      await tx.repositories.markDeleted(current.id, call.now)
    })
    return this.#described(repository)
  }

  /**
   * Change a repository that the caller was allowed to change. `change` gets it as it is inside the transaction.
   * Refuses `RepositoryUnknown` when it was deleted, or made anew, since it was looked up.
   */
  change<T>(
    address: RepositoryAddress,
    repository: RepositoryRecord,
    change: (tx: MetadataTransaction, current: RepositoryRecord) => Promise<T>,
  ): Promise<T> {
    return this.#metadata.write(async (tx) => change(tx, await current(tx, address, repository)))
  }

  /**
   * The repository at an address, for someone who may do `action` there.
   * Refuses `RepositoryUnknown`, `RegistryUnknown`, and what `Access.require` refuses.
   */
  async get(call: Call, address: RepositoryAddress, action: RepositoryAction): Promise<RepositoryRecord> {
    const repository = await this.#metadata.view.repositories.find(address)
    if (!repository) throw await this.unknown(call, address)
    this.#access.require(call, action, repository, address)
    return repository
  }

  /**
   * The repository that a push goes to, to be entered inside the transaction of what the push does. With
   * `createsRepository`, one that is not there yet is made in that transaction, so that a push that is refused makes
   * nothing; and a first push by an account's root user to an alias that nobody has claims the alias, too.
   *
   * Entering refuses `RepositoryUnknown` when the repository was deleted, or made anew, since it was looked up.
   */
  async forPush(
    call: Call,
    address: RepositoryAddress,
    action: RepositoryAction,
    options: { readonly createsRepository?: boolean | undefined },
  ): Promise<PushTarget> {
    const found = await this.#metadata.view.repositories.find(address)
    if (found || !options.createsRepository) {
      const repository = await this.get(call, address, action)
      return (tx) => current(tx, address, repository)
    }
    const owner = await this.#requireCreateOnPush(call, address)
    this.#access.requireScope(call, action, address)
    return async (tx) => {
      await claimAlias(tx, call, owner, address.registry)
      // Another push of the same new name may have been quicker; or it is there under another of the registry's aliases.
      const existing = await tx.repositories.find(address)
      if (!existing) return this.#insert(tx, call, owner.id, address.name)
      this.#access.require(call, action, existing, address)
      return existing
    }
  }

  async describe(call: Call, address: RepositoryAddress): Promise<DescribedRepository> {
    return this.#described(await this.get(call, address, 'ecr-public:DescribeRepositories'))
  }

  /** A registry's repositories by name. Refuses `RegistryUnknown`. */
  async list(
    call: Call,
    registry: RegistryAddress | undefined,
    page: Page<RepositoryName>,
  ): Promise<DescribedRepository[]> {
    const accountId = registry ? (await this.#accountAt(call, registry)).id : this.#access.accountOf(call)
    this.#access.requireOn(call, 'ecr-public:DescribeRepositories', {
      accountId,
      resource: repositoryArn(accountId, '*'),
    })
    const repositories = await this.#metadata.view.repositories.list(accountId, page)
    const primaryAlias = await this.primaryAlias(accountId)
    return repositories.map((repository) => ({ ...repository, primaryAlias }))
  }

  /**
   * What a token for an image name may be good for: see `Access.grants`. Where there is no repository, pushing is
   * granted to one whose push would make it.
   */
  async grants(call: Call, address: RepositoryAddress): Promise<ScopeAction[]> {
    const repository = await this.#metadata.view.repositories.find(address)
    if (repository) return this.#access.grants(call, repository)
    return (await this.#mayCreateOnPush(call, address)) ? ['pull', 'push'] : ['pull']
  }

  /**
   * The image names that the caller may pull, of every registry, in lexical order. Goes on past those it may not, page
   * by page, until it has as many as asked for.
   */
  async listPullable(call: Call, page: Page<ImageName>): Promise<ImageName[]> {
    const pullable: ImageName[] = []
    let after = page.after
    while (pullable.length < page.limit) {
      const repositories = await this.#metadata.view.repositories.listAll({ after, limit: page.limit })
      for (const repository of repositories) {
        const image = { alias: repository.alias, name: repository.name }
        if (this.#access.canPull(call, repository, addressOf(image))) pullable.push(image)
      }
      const last = repositories.at(-1)
      if (!last || repositories.length < page.limit) break
      after = { alias: last.alias, name: last.name }
    }
    return pullable.slice(0, page.limit)
  }

  async primaryAlias(accountId: string): Promise<Alias | undefined> {
    const aliases = await this.#metadata.view.accounts.listAliases(accountId)
    return aliases.find((alias) => alias.isPrimary)?.alias
  }

  /** The refusal for an address where there is nothing: the registry's, if that is what is missing. */
  async unknown(call: Call, address: RepositoryAddress) {
    if (!call.hasCredential) return refuse('Unauthenticated', { reason: 'no credential was given' })
    const account = await this.#findAccount(address.registry)
    return account
      ? refuse('RepositoryUnknown', factsOf(address))
      : refuse('RegistryUnknown', { registry: spellingOf(address.registry) })
  }

  async #mayCreateOnPush(call: Call, address: RepositoryAddress): Promise<boolean> {
    try {
      await this.#requireCreateOnPush(call, address)
      return true
    } catch (error) {
      // The token is for what the policies allow; the push itself is told what is the matter.
      if (error instanceof RegistryError) return isRefusal(error, 'ReadOnly')
      throw error
    }
  }

  async #requireCreateOnPush(call: Call, address: RepositoryAddress): Promise<AccountRecord> {
    const owner = await this.#ownerForPush(call, address.registry)
    if (!owner?.createsOnPush) throw await this.unknown(call, address)
    this.#access.requireOn(call, 'ecr-public:CreateRepository', {
      accountId: owner.id,
      resource: repositoryArn(owner.id, address.name),
    })
    return owner
  }

  /** Whose registry a push to this address goes to: the alias's owner or, where nobody owns it yet, the root user. */
  async #ownerForPush(call: Call, registry: RegistryAddress): Promise<AccountRecord | undefined> {
    const owner = await this.#findAccount(registry)
    if (owner) return owner
    if (registry.kind !== 'alias' || isReservedAlias(registry.alias)) return undefined
    if (call.principal.kind !== 'user' || !call.principal.isRoot) return undefined
    return this.#metadata.view.accounts.find(call.principal.accountId)
  }

  async #insert(
    tx: MetadataTransaction,
    call: Call,
    accountId: string,
    name: RepositoryName,
    tags: ReadonlyMap<string, string> = new Map(),
  ): Promise<RepositoryRecord> {
    const address: RepositoryAddress = { registry: { kind: 'account', accountId }, name }
    if (await tx.repositories.find(address)) throw refuse('RepositoryExists', factsOf(address))
    const { repositoriesMax } = this.#limits
    if ((await tx.repositories.count(accountId)) >= repositoriesMax) {
      throw refuse('RepositoriesExceeded', { registry: accountId, repositoriesMax })
    }
    const repository: RepositoryRecord = {
      id: newRowId(call.now),
      accountId,
      name,
      createdAt: call.now,
      isPrivate: false,
      hasImmutableTags: false,
      imageCount: 0,
      untaggedKeepMs: undefined,
      policy: undefined,
      resourceTags: tags,
    }
    await tx.repositories.insert(repository)
    return repository
  }

  async #described(repository: RepositoryRecord): Promise<DescribedRepository> {
    return { ...repository, primaryAlias: await this.primaryAlias(repository.accountId) }
  }

  async #accountAt(call: Call, registry: RegistryAddress): Promise<AccountRecord> {
    const account = await this.#findAccount(registry)
    if (!account) throw refuse('RegistryUnknown', { registry: spellingOf(registry) })
    if (!call.hasCredential) throw refuse('Unauthenticated', { reason: 'no credential was given' })
    return account
  }

  #findAccount(registry: RegistryAddress): Promise<AccountRecord | undefined> {
    const { accounts } = this.#metadata.view
    return registry.kind === 'alias' ? accounts.findByAlias(registry.alias) : accounts.find(registry.accountId)
  }
}

/** A repository that was looked up before, as it is inside a transaction. Refuses `RepositoryUnknown` if it is no more. */
async function current(
  tx: MetadataTransaction,
  address: RepositoryAddress,
  repository: RepositoryRecord,
): Promise<RepositoryRecord> {
  const found = await tx.repositories.find(addressIn(repository))
  if (found?.id !== repository.id) throw refuse('RepositoryUnknown', factsOf(address))
  return found
}

async function claimAlias(
  tx: MetadataTransaction,
  call: Call,
  owner: AccountRecord,
  registry: RegistryAddress,
): Promise<void> {
  if (registry.kind !== 'alias') return
  const holder = await tx.accounts.findByAlias(registry.alias)
  // Somebody else's push may have claimed it a moment ago: then this registry is not ours to push to.
  if (holder && holder.id !== owner.id) throw refuse('RegistryUnknown', { registry: registry.alias })
  if (holder) return
  const isPrimary = (await tx.accounts.listAliases(owner.id)).length === 0
  await tx.accounts.insertAlias({ alias: registry.alias, accountId: owner.id, isPrimary, createdAt: call.now })
}
