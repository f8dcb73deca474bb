import type { ManifestSummary, MetadataStore, Page, RepositoryAddress, TagRecord } from '../metadata/metadata-store.ts'
import type { Call } from './call.ts'
import type { Repositories } from './repositories.ts'

/** A tag with the image it is on; `undefined` where that was removed, and the tag with it, while we looked. */
export interface TagDetail extends TagRecord {
  readonly image: ManifestSummary | undefined
}

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

  /** As `list`, with the images. */
  async describe(call: Call, address: RepositoryAddress, page: Page<string>): Promise<TagDetail[]> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:DescribeImageTags')
    const tags = await this.#metadata.view.tags.list(repository.id, page)
    const digests = [...new Set(tags.map((tag) => tag.digest))]
    const images = await this.#metadata.view.manifests.listAmong(repository.id, digests)
    const byDigest = new Map(images.map((image) => [image.digest, image]))
    return tags.map((tag) => ({ ...tag, image: byDigest.get(tag.digest) }))
  }
}
