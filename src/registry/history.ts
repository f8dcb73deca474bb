import type {
  DeletedManifestRecord,
  MetadataStore,
  Page,
  RepositoryAddress,
  TagEvent,
} from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'
import type { Call } from './call.ts'
import type { RegistryLimits } from './limits.ts'
import type { Repositories } from './repositories.ts'

/** A deleted image, without its bytes. */
export interface DeletedImage extends Omit<DeletedManifestRecord, 'payload'> {
  /** When its time to be brought back is up; it goes soon after. */
  readonly expiresAt: number
}

/** What was: images that are deleted, and where tags pointed. */
export class History {
  readonly #metadata: MetadataStore
  readonly #repositories: Repositories
  readonly #limits: RegistryLimits

  constructor(parts: { metadata: MetadataStore; repositories: Repositories; limits: RegistryLimits }) {
    this.#metadata = parts.metadata
    this.#repositories = parts.repositories
    this.#limits = parts.limits
  }

  /** The images of a repository that can be brought back (`Manifests.restore`), by digest. */
  async listDeleted(call: Call, address: RepositoryAddress, page: Page<Digest>): Promise<DeletedImage[]> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:DescribeImages')
    const records = await this.#metadata.view.deletedManifests.list(repository.id, page)
    return records.map(({ payload: _payload, ...record }) => ({
      ...record,
      expiresAt: record.deletedAt + this.#limits.deletedKeepMs,
    }))
  }

  /** What happened to a tag, or to all tags of a repository, the latest first. */
  async listTagEvents(
    call: Call,
    address: RepositoryAddress,
    tag: Tag | undefined,
    page: Page<number>,
  ): Promise<TagEvent[]> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:DescribeImageTags')
    return this.#metadata.view.tagHistory.list(repository.id, tag, page)
  }
}
