import type { MetadataStore, Page, RepositoryAddress, TagRecord } from '../metadata/metadata-store.ts'
import type { Call } from './call.ts'
import type { Repositories } from './repositories.ts'

export class Tags {
  readonly #metadata: MetadataStore
  readonly #repositories: Repositories

  constructor(parts: { metadata: MetadataStore; repositories: Repositories }) {
    this.#metadata = parts.metadata
    this.#repositories = parts.repositories
  }

  /** A repository's tags in the order of their bytes: for ASCII, which tags are, the lexical order. */
  async list(call: Call, address: RepositoryAddress, page: Page<string>): Promise<TagRecord[]> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:BatchGetImage')
    return this.#metadata.view.tags.list(repository.id, page)
  }
}
