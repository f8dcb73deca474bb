import type { Readable } from 'node:stream'

import type { BlobStore, ByteRange } from '../blobs/blob-store.ts'
import { isRefusal, refuse } from '../errors.ts'
import type {
  BlobRecord,
  LinkedBlob,
  MetadataStore,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Access } from './access.ts'
import { addressIn, factsOf } from './address.ts'
import type { Call } from './call.ts'
import type { RegistryLimits } from './limits.ts'
import type { Repositories } from './repositories.ts'
import type { Schedule } from './schedule.ts'

/** A blob of a repository, its bytes not yet touched. `open` may be called or not, and more than once. */
export interface ReadableBlob {
  readonly digest: Digest
  readonly bytes: number
  /** The caller reads the stream to its end or destroys it. */
  open(range?: ByteRange): Promise<Readable>
}

/** How many of the repositories that have a blob are asked whether the caller may read it, to mount it from there. */
const mountSourcesMax = 100

export class Blobs {
  readonly #metadata: MetadataStore
  readonly #store: BlobStore
  readonly #repositories: Repositories
  readonly #access: Access
  readonly #schedule: Schedule
  readonly #leaseMs: number

  constructor(parts: {
    metadata: MetadataStore
    blobs: BlobStore
    repositories: Repositories
    access: Access
    schedule: Schedule
    limits: RegistryLimits
  }) {
    this.#schedule = parts.schedule
    this.#leaseMs = parts.limits.collectGraceMs / 2
    this.#metadata = parts.metadata
    this.#store = parts.blobs
    this.#repositories = parts.repositories
    this.#access = parts.access
  }

  /** Refuses `BlobUnknown` for what this repository does not link, however well stored it is. */
  async get(call: Call, address: RepositoryAddress, digest: Digest): Promise<ReadableBlob> {
    const found = await this.#find(call, address, digest)
    // Between our look and the lease it may have been collected: one who may rely on it is told what is so after the lease.
    const isLeased = await this.#lease(call, found.repository, [digest])
    const { bytes, key } = isLeased ? (await this.#find(call, address, digest)).blob : found.blob
    // With a range the store need not ask how long the blob is.
    const whole = bytes > 0 ? { start: 0, end: bytes - 1 } : undefined
    return { digest, bytes, open: (range) => this.#store.open(key, range ?? whole) }
  }

  /** Those of `digests` that the repository has; the rest are unavailable there. */
  async listAvailable(call: Call, address: RepositoryAddress, digests: readonly Digest[]): Promise<LinkedBlob[]> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:BatchCheckLayerAvailability')
    await this.#lease(call, repository, digests)
    return this.#metadata.view.blobs.listLinked(repository.id, digests)
  }

  /**
   * Link a blob of another repository, which the caller may read, into this one, which the caller may push to.
   * Without `from`, whichever repository the caller may read and that has it will do. `undefined` when there is no such
   * blob for this caller: it then has to be uploaded.
   */
  async mount(
    call: Call,
    address: RepositoryAddress,
    source: { readonly digest: Digest; readonly from?: RepositoryAddress | undefined },
    options: { readonly createsRepository?: boolean } = {},
  ): Promise<{ readonly digest: Digest; readonly bytes: number } | undefined> {
    const enter = await this.#repositories.forPush(call, address, 'ecr-public:InitiateLayerUpload', options)
    const blob = source.from
      ? await this.#findReadable(call, source.from, source.digest)
      : await this.#findReadableAnywhere(call, source.digest)
    if (!blob) return undefined
    return this.#metadata.write(async (tx) => {
      // It may have been collected since it was found: then it has to be uploaded after all.
      const stored = await tx.blobs.find(blob.digest)
      if (!stored) return undefined
      const target = await enter(tx)
      await tx.blobs.link(target.id, stored.digest, call.now)
      await this.#schedule.reviewLink(tx, target.id, stored.digest, call.now)
      return stored
    })
  }

  /**
   * Take a blob away from a repository. Refuses `BlobUnknown`, and `BlobReferenced` while a manifest needs it.
   */
  async remove(call: Call, address: RepositoryAddress, digest: Digest): Promise<void> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:BatchDeleteImage')
    await this.#repositories.change(address, repository, async (tx, current) => {
      if (await tx.blobs.isReferenced(current.id, digest, 'live'))
        throw refuse('BlobReferenced', { ...factsOf(address), digest })
      if (!(await tx.blobs.unlink(current.id, digest))) throw refuse('BlobUnknown', { ...factsOf(address), digest })
      await tx.reviews.put({ kind: 'blob', repositoryId: 0, digest, dueAt: this.#schedule.graceFrom(call.now) })
    })
  }

  /**
   * One who is told that a blob is there relies on it, and pushes a manifest next. If the blob is soon to be looked at
   * as possible garbage, that is put off first: the blob then stays as long as any newly pushed one would. Nearly
   * always there is no such review, and this is one look at an index.
   *
   * False for those who cannot push, and have no lease. For others, what is there after this will stay.
   */
  async #lease(call: Call, repository: RepositoryRecord, digests: readonly Digest[]): Promise<boolean> {
    if (!this.#access.canPush(call, repository)) return false
    const reviews = await this.#metadata.view.reviews.listOfLinks(repository.id, digests)
    const soon = reviews.filter((review) => review.dueAt < call.now + this.#leaseMs)
    if (soon.length > 0) {
      await this.#metadata.write(async (tx) => {
        for (const { digest } of soon) await this.#schedule.reviewLink(tx, repository.id, digest, call.now)
      })
    }
    return true
  }

  async #findReadableAnywhere(call: Call, digest: Digest): Promise<BlobRecord | undefined> {
    const linking = await this.#metadata.view.blobs.listLinking(digest, mountSourcesMax)
    const isReadable = linking.some((repository) => this.#access.canPull(call, repository, addressIn(repository)))
    return isReadable ? this.#metadata.view.blobs.find(digest) : undefined
  }

  async #findReadable(call: Call, address: RepositoryAddress, digest: Digest): Promise<BlobRecord | undefined> {
    try {
      return (await this.#find(call, address, digest)).blob
    } catch (error) {
      for (const code of ['BlobUnknown', 'RepositoryUnknown', 'RegistryUnknown', 'AccessDenied'] as const) {
        if (isRefusal(error, code)) return undefined
      }
      // A token that does not reach the source is no reason to fail: the client can still upload.
      if (isRefusal(error, 'Unauthenticated')) return undefined
      throw error
    }
  }

  async #find(
    call: Call,
    address: RepositoryAddress,
    digest: Digest,
  ): Promise<{ repository: RepositoryRecord; blob: BlobRecord }> {
    const found = await this.#metadata.view.blobs.findIn(address, digest)
    if (!found) throw await this.#repositories.unknown(call, address)
    this.#access.require(call, 'ecr-public:GetDownloadUrlForLayer', found.repository, address)
    if (!found.blob) throw refuse('BlobUnknown', { ...factsOf(address), digest })
    return { repository: found.repository, blob: found.blob }
  }
}
