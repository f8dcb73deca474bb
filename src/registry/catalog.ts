import { randomUUID } from 'node:crypto'

import { registryArn } from '../iam/arn.ts'
import { invariant } from '../lib/invariant.ts'
import type {
  CatalogRecord,
  LogoRecord,
  MetadataStore,
  MetadataTransaction,
  RepositoryAddress,
} from '../metadata/metadata-store.ts'
import type { RepositoryName } from '../oci/repository-name.ts'
import type { Access } from './access.ts'
import type { Call } from './call.ts'
import { parseLogo } from './logo.ts'
import type { DescribedRepository, Repositories } from './repositories.ts'

/** What a publisher says of a repository. What is left out is said no longer, but for the logo, which stays. */
export interface CatalogData {
  readonly description?: string | undefined
  readonly aboutText?: string | undefined
  readonly usageText?: string | undefined
  readonly architectures?: readonly string[] | undefined
  readonly operatingSystems?: readonly string[] | undefined
  /** The picture's bytes. */
  readonly logo?: Uint8Array | undefined
}

/** What a publisher says of a whole registry. */
export interface RegistryCatalogData {
  /** Empty for nothing. */
  readonly displayName: string
}

/** What the gallery shows: of repositories, and of the registry they are in. */
export class Catalog {
  readonly #metadata: MetadataStore
  readonly #repositories: Repositories
  readonly #access: Access

  constructor(parts: { metadata: MetadataStore; repositories: Repositories; access: Access }) {
    this.#metadata = parts.metadata
    this.#repositories = parts.repositories
    this.#access = parts.access
  }

  /** `undefined` for a repository that nothing was ever said of. */
  async get(call: Call, address: RepositoryAddress): Promise<CatalogRecord | undefined> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:GetRepositoryCatalogData')
    return this.#metadata.view.catalog.find(repository.id)
  }

  /** Set all of it, in place of what there was. Refuses `LogoInvalid`. */
  async put(call: Call, address: RepositoryAddress, data: CatalogData): Promise<CatalogRecord> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:PutRepositoryCatalogData')
    const logo = newLogo(data)
    return this.#repositories.change(address, repository, async (tx, current) => {
      const logoId = logo?.id ?? (await tx.catalog.find(current.id))?.logoId
      return store(tx, current.id, recordOf(data, logoId), logo)
    })
  }

  /**
   * Create a repository in the caller's own registry together with what is said of it, or neither.
   * Refuses `LogoInvalid`, and what `Repositories.create` refuses.
   */
  async createRepository(
    call: Call,
    name: RepositoryName,
    options: { readonly tags?: ReadonlyMap<string, string>; readonly data?: CatalogData | undefined },
  ): Promise<{ readonly repository: DescribedRepository; readonly catalog: CatalogRecord | undefined }> {
    const { data, ...others } = options
    const logo = data && newLogo(data)
    const catalog = data && recordOf(data, logo?.id)
    const repository = await this.#repositories.create(call, name, {
      ...others,
      complete: async (tx, { id }) => {
        if (catalog) await store(tx, id, catalog, logo)
      },
    })
    return { repository, catalog }
  }

  /** Logos are for everybody, as the page is that shows them: there is no call to ask about. */
  findLogo(logoId: string): Promise<LogoRecord | undefined> {
    return this.#metadata.view.catalog.findLogo(logoId)
  }

  /** Of the caller's own registry. */
  async getRegistry(call: Call): Promise<RegistryCatalogData> {
    const accountId = this.#requireOnOwn(call, 'ecr-public:GetRegistryCatalogData')
    const account = await this.#metadata.view.accounts.find(accountId)
    invariant(account, `there is no account ${accountId}, whose user called`)
    return { displayName: account.displayName }
  }

  async putRegistry(call: Call, data: RegistryCatalogData): Promise<RegistryCatalogData> {
    const accountId = this.#requireOnOwn(call, 'ecr-public:PutRegistryCatalogData')
    await this.#metadata.write(async (tx) => {
      const account = await tx.accounts.find(accountId)
      invariant(account, `there is no account ${accountId}, whose user called`)
      await tx.accounts.update({ ...account, displayName: data.displayName })
    })
    return data
  }

  #requireOnOwn(call: Call, action: 'ecr-public:GetRegistryCatalogData' | 'ecr-public:PutRegistryCatalogData'): string {
    const accountId = this.#access.accountOf(call)
    this.#access.requireOn(call, action, { accountId, resource: registryArn(accountId) })
    return accountId
  }
}

type NewLogo = Omit<LogoRecord, 'repositoryId'>

function newLogo({ logo: bytes }: CatalogData): NewLogo | undefined {
  return bytes && { id: randomUUID(), mediaType: parseLogo(bytes).mediaType, bytes }
}

function recordOf(data: CatalogData, logoId: string | undefined): CatalogRecord {
  return {
    description: data.description,
    aboutText: data.aboutText,
    usageText: data.usageText,
    architectures: data.architectures,
    operatingSystems: data.operatingSystems,
    logoId,
  }
}

async function store(
  tx: MetadataTransaction,
  repositoryId: number,
  catalog: CatalogRecord,
  logo: NewLogo | undefined,
): Promise<CatalogRecord> {
  await tx.catalog.put(repositoryId, catalog)
  if (logo) await tx.catalog.putLogo({ ...logo, repositoryId })
  return catalog
}
