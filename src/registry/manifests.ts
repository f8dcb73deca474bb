import { refuse } from '../errors.ts'
import { nameOfPrincipal } from '../iam/principal.ts'
import { invariant } from '../lib/invariant.ts'
import type {
  ManifestRecord,
  ManifestSummary,
  MetadataStore,
  MetadataTransaction,
  Page,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata/metadata-store.ts'
import { algorithmOf, type Digest } from '../oci/digest.ts'
import { type Descriptor, type Manifest, parseManifest } from '../oci/manifest.ts'
import type { Reference, Tag } from '../oci/reference.ts'
import type { Access } from './access.ts'
import { factsOf } from './address.ts'
import type { Call } from './call.ts'
import { deleteManifest } from './collect.ts'
import type { RegistryLimits } from './limits.ts'
import type { Repositories } from './repositories.ts'
import { type RestoredImage, restoreImage } from './restore.ts'
import type { Schedule } from './schedule.ts'

export interface PutManifest {
  readonly bytes: Uint8Array
  /** From an API parameter or a Content-Type; without it the document must say. */
  readonly mediaType: string | undefined
  /** What the caller believes the digest to be. */
  readonly digest?: Digest | undefined
  /** Every tag that is to point at it, in the same transaction. */
  readonly tags: readonly Tag[]
}

export interface PutResult {
  readonly repository: RepositoryRecord
  readonly digest: Digest
  readonly mediaType: string
  readonly subject: Digest | undefined
  /**
   * `unchanged`: the repository had this very image, under this very tag if one was given. The two protocols answer
   * that differently: ECR's API with an error, the registry endpoint with success.
   */
  readonly outcome: 'created' | 'tagged' | 'unchanged'
}

/** An image, or an index of images, with every tag it has. */
export interface ImageDetail extends ManifestSummary {
  readonly tags: readonly Tag[]
}

/** How an image is asked for: by digest, by tag, or by both, which must then agree. */
export interface ImageQuery {
  readonly digest: Digest | undefined
  readonly tag: Tag | undefined
}

/** What went: an image's digest, and the tags that went with it or instead of it. */
export interface RemovedImage {
  readonly digest: Digest
  readonly tags: readonly Tag[]
}

/** How many of the indexes that hold an image back a refusal names. */
const parentsShownMax = 100

export class Manifests {
  readonly #metadata: MetadataStore
  readonly #repositories: Repositories
  readonly #access: Access
  readonly #limits: RegistryLimits
  readonly #schedule: Schedule

  constructor(parts: {
    metadata: MetadataStore
    repositories: Repositories
    access: Access
    limits: RegistryLimits
    schedule: Schedule
  }) {
    this.#metadata = parts.metadata
    this.#repositories = parts.repositories
    this.#access = parts.access
    this.#limits = parts.limits
    this.#schedule = parts.schedule
  }

  /**
   * Store a manifest and point its tags at it, in one transaction: both doors' `PutImage`.
   *
   * A tag on another image moves; that image stays, to be pulled by digest. The checks come in this order, which is
   * ECR's as far as it is known: the repository, the document, its digest, what it refers to, the limits, the tag.
   *
   * Refuses `ManifestInvalid`, `ManifestTooLarge`, `MediaTypeInvalid`, `ImageDigestMismatch`,
   * `ReferencedBlobsUnknown`, `ReferencedImagesUnknown`, `ImagesPerRepositoryExceeded`, `TagsPerImageExceeded`,
   * `TagImmutable`, and what finding the repository refuses.
   */
  async put(
    call: Call,
    address: RepositoryAddress,
    put: PutManifest,
    options: { readonly createsRepository?: boolean } = {},
  ): Promise<PutResult> {
    const enter = await this.#repositories.forPush(call, address, 'ecr-public:PutImage', options)
    const manifest = parseManifest(put.bytes, put.mediaType, put.digest && algorithmOf(put.digest))
    if (put.digest !== undefined && put.digest !== manifest.digest) {
      throw refuse('ImageDigestMismatch', { ...factsOf(address), declared: put.digest, computed: manifest.digest })
    }
    const { digest, mediaType, subject } = manifest
    return this.#metadata.write(async (tx) => {
      const repository = await enter(tx)
      const isNew = await this.#store(tx, call, address, repository, manifest)
      let isTagged = false
      for (const tag of put.tags) {
        if (await this.#tag(tx, call, address, repository, digest, tag)) isTagged = true
      }
      const outcome = isNew ? 'created' : isTagged ? 'tagged' : 'unchanged'
      return { repository, digest, mediaType, subject, outcome }
    })
  }

  /** Refuses `ImageUnknown`. */
  async get(call: Call, address: RepositoryAddress, reference: Reference): Promise<ManifestRecord> {
    const found = await this.#metadata.view.manifests.findIn(address, reference)
    if (!found) throw await this.#repositories.unknown(call, address)
    this.#access.require(call, 'ecr-public:BatchGetImage', found.repository, address)
    if (!found.manifest) {
      const digest = reference.kind === 'digest' ? reference.digest : undefined
      const tag = reference.kind === 'tag' ? reference.tag : undefined
      throw refuse('ImageUnknown', { ...factsOf(address), digest, tag })
    }
    return found.manifest
  }

  /**
   * A page of the manifests that are about `subject`, which need not exist itself, by digest (OCI distribution-spec
   * 1.1, "Listing Referrers").
   */
  async listReferrers(
    call: Call,
    address: RepositoryAddress,
    subject: Digest,
    artifactType: string | undefined,
    page: Page<Digest>,
  ): Promise<ManifestRecord[]> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:BatchGetImage')
    return this.#metadata.view.manifests.listReferrers(repository.id, subject, artifactType, page)
  }

  /** Images by digest, each once with all its tags. */
  async list(
    call: Call,
    address: RepositoryAddress,
    page: Page<Digest>,
  ): Promise<{ repository: RepositoryRecord; images: ImageDetail[] }> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:DescribeImages')
    const summaries = await this.#metadata.view.manifests.list(repository.id, page)
    return { repository, images: await this.#withTags(repository.id, summaries) }
  }

  /** The images asked for, each once, in the order first asked for. Refuses `ImageUnknown` if one is not there. */
  async describe(
    call: Call,
    address: RepositoryAddress,
    queries: readonly ImageQuery[],
  ): Promise<{ repository: RepositoryRecord; images: ImageDetail[] }> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:DescribeImages')
    const { tags, manifests } = this.#metadata.view
    const digests = new Set<Digest>()
    for (const { digest, tag } of queries) {
      const tagged = tag === undefined ? undefined : (await tags.find(repository.id, tag))?.digest
      const wanted = digest ?? tagged
      if (wanted === undefined || (tag !== undefined && tagged !== wanted)) {
        throw refuse('ImageUnknown', { ...factsOf(address), digest, tag })
      }
      digests.add(wanted)
    }
    const summaries = new Map<string, ManifestSummary>()
    for (const summary of await manifests.listAmong(repository.id, [...digests])) summaries.set(summary.digest, summary)
    const found: ManifestSummary[] = []
    for (const digest of digests) {
      const summary = summaries.get(digest)
      if (!summary) throw refuse('ImageUnknown', { ...factsOf(address), digest, tag: undefined })
      found.push(summary)
    }
    return { repository, images: await this.#withTags(repository.id, found) }
  }

  /**
   * Remove images or tags, each by itself. By digest, the image goes with all its tags. By tag, the tag goes and,
   * unless `keepsUntagged`, the image with its last tag, as on ECR. A child of an index cannot go before the index.
   */
  async remove(
    call: Call,
    address: RepositoryAddress,
    query: ImageQuery,
    options: { readonly keepsUntagged?: boolean } = {},
  ): Promise<RemovedImage> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:BatchDeleteImage')
    return this.#repositories.change(address, repository, async (tx, current) => {
      const digest = await findQueried(tx, address, current, query)
      const tags = (await tx.tags.listOf(current.id, [digest])).map((row) => row.tag)
      const isTagOnly = query.digest === undefined && query.tag !== undefined
      if (isTagOnly && (tags.length > 1 || options.keepsUntagged)) {
        await tx.tags.remove(current.id, query.tag)
        await this.#schedule.recordTag(tx, call, current.id, {
          tag: query.tag,
          digest: undefined,
          previousDigest: digest,
        })
        await this.#schedule.reviewManifest(tx, current, digest, call.now)
        return { digest, tags: [query.tag] }
      }
      const parents = await tx.manifests.listParents(current.id, digest, parentsShownMax)
      if (parents.length > 0) throw refuse('ImageReferenced', { ...factsOf(address), digest, parents })
      const manifest = await tx.manifests.find(current.id, digest)
      invariant(manifest, `${digest} was found a moment ago`)
      const deletedBy = nameOfPrincipal(call.principal)
      await deleteManifest(tx, this.#schedule, { repository: current, manifest, deletedBy, now: call.now })
      for (const tag of tags) {
        await this.#schedule.recordTag(tx, call, current.id, { tag, digest: undefined, previousDigest: digest })
      }
      return { digest, tags }
    })
  }

  /** Bring a deleted image back, with what it needs and those of its tags that nothing else has taken: `restoreImage`. */
  async restore(call: Call, address: RepositoryAddress, digest: Digest): Promise<RestoredImage> {
    const repository = await this.#repositories.get(call, address, 'ecr-public:PutImage')
    return this.#repositories.change(address, repository, (tx, current) =>
      restoreImage(tx, this.#schedule, { call, address, repository: current, digest }),
    )
  }

  /** True when the manifest was not there before. */
  async #store(
    tx: MetadataTransaction,
    call: Call,
    address: RepositoryAddress,
    repository: RepositoryRecord,
    manifest: Manifest,
  ): Promise<boolean> {
    const [known] = await tx.manifests.listAmong(repository.id, [manifest.digest])
    if (known) return false
    await requireBlobs(tx, address, repository, manifest)
    const children = await requireChildren(tx, address, repository, manifest)
    const { imagesPerRepositoryMax } = this.#limits
    if (repository.imageCount >= imagesPerRepositoryMax) {
      throw refuse('ImagesPerRepositoryExceeded', { ...factsOf(address), imagesMax: imagesPerRepositoryMax })
    }
    const record: ManifestRecord = {
      digest: manifest.digest,
      mediaType: manifest.mediaType,
      artifactType: manifest.artifactType,
      configMediaType: manifest.configMediaType,
      subject: manifest.subject,
      contentBytes: Math.max(manifest.contentBytes, ...children.images.map((child) => child.contentBytes)),
      pushedAt: call.now,
      payload: manifest.bytes,
    }
    await tx.manifests.insert(repository.id, record, {
      blobs: [...manifest.blobs, ...children.blobs],
      children: children.images.map((child) => child.digest),
    })
    await tx.deletedManifests.remove(repository.id, manifest.digest)
    await this.#schedule.reviewManifest(tx, repository, manifest.digest, call.now)
    return true
  }

  /** True when the tag was not on this image before. */
  async #tag(
    tx: MetadataTransaction,
    call: Call,
    address: RepositoryAddress,
    repository: RepositoryRecord,
    digest: Digest,
    tag: Tag,
  ): Promise<boolean> {
    const current = await tx.tags.find(repository.id, tag)
    if (current?.digest === digest) return false
    if (current && repository.hasImmutableTags) throw refuse('TagImmutable', { ...factsOf(address), tag })
    const { tagsPerImageMax } = this.#limits
    if ((await tx.tags.countOf(repository.id, digest)) >= tagsPerImageMax) {
      throw refuse('TagsPerImageExceeded', { ...factsOf(address), tag, tagsMax: tagsPerImageMax })
    }
    await tx.tags.set(repository.id, { tag, digest, movedAt: call.now })
    await this.#schedule.recordTag(tx, call, repository.id, { tag, digest, previousDigest: current?.digest })
    if (current) await this.#schedule.reviewManifest(tx, repository, current.digest, call.now)
    return true
  }

  async #withTags(repositoryId: number, summaries: readonly ManifestSummary[]): Promise<ImageDetail[]> {
    const digests = summaries.map((summary) => summary.digest)
    const tags = Map.groupBy(await this.#metadata.view.tags.listOf(repositoryId, digests), (tag) => tag.digest)
    return summaries.map((summary) => ({ ...summary, tags: (tags.get(summary.digest) ?? []).map((row) => row.tag) }))
  }
}

/** The digest that a query means. Refuses `ImageUnknown`, also for a tag that is not on the digest beside it. */
async function findQueried(
  tx: MetadataTransaction,
  address: RepositoryAddress,
  repository: RepositoryRecord,
  { digest, tag }: ImageQuery,
): Promise<Digest> {
  const tagged = tag === undefined ? undefined : (await tx.tags.find(repository.id, tag))?.digest
  const wanted = digest ?? tagged
  const isThere = wanted !== undefined && (await tx.manifests.listAmong(repository.id, [wanted])).length === 1
  if (!isThere || (tag !== undefined && tagged === undefined)) {
    throw refuse('ImageUnknown', { ...factsOf(address), digest, tag })
  }
  if (tag !== undefined && tagged !== wanted)
    throw refuse('ImageTagMismatch', { ...factsOf(address), digest: wanted, tag })
  return wanted
}

async function requireBlobs(
  tx: MetadataTransaction,
  address: RepositoryAddress,
  repository: RepositoryRecord,
  manifest: Manifest,
): Promise<void> {
  const wanted = [...new Set(manifest.blobs.map((blob) => blob.digest))]
  const linked = new Set((await tx.blobs.listLinked(repository.id, wanted)).map((blob) => blob.digest))
  const missing = wanted.filter((digest) => !linked.has(digest))
  if (missing.length > 0) throw refuse('ReferencedBlobsUnknown', { ...factsOf(address), digests: missing })
}

/** What an index lists: images, or, as in a cache that BuildKit has exported, blobs. */
async function requireChildren(
  tx: MetadataTransaction,
  address: RepositoryAddress,
  repository: RepositoryRecord,
  manifest: Manifest,
): Promise<{ images: ManifestSummary[]; blobs: Descriptor[] }> {
  const digestsOf = (items: readonly { readonly digest: Digest }[]) => new Set(items.map((item) => item.digest))
  const images = await tx.manifests.listAmong(repository.id, [...digestsOf(manifest.children)])
  const present = digestsOf(images)
  const blobs = manifest.children.filter((child) => !present.has(child.digest))
  const linked = digestsOf(await tx.blobs.listLinked(repository.id, [...digestsOf(blobs)]))
  const missing = [...digestsOf(blobs)].filter((digest) => !linked.has(digest))
  if (missing.length > 0) throw refuse('ReferencedImagesUnknown', { ...factsOf(address), digests: missing })
  return { images, blobs }
}
