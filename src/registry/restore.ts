import { refuse } from '../errors.ts'
import type { MetadataTransaction, RepositoryAddress, RepositoryRecord } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'
import { factsOf } from './address.ts'
import type { Call } from './call.ts'
import type { Schedule } from './schedule.ts'

/** What came back: an image's digest, those of its tags that were free, and the children that had to come with it. */
export interface RestoredImage {
  readonly digest: Digest
  readonly tags: readonly Tag[]
  readonly children: readonly Digest[]
}

/**
 * Bring a deleted image back whole: an index with those of its children that are deleted, too. Refuses `ImageUnknown`
 * when it was never there, or its time is up; `ReferencedBlobsUnknown` and `ReferencedImagesUnknown` when something that
 * it needs is gone for good.
 */
export async function restoreImage(
  tx: MetadataTransaction,
  schedule: Schedule,
  restored: {
    readonly call: Call
    readonly address: RepositoryAddress
    readonly repository: RepositoryRecord
    readonly digest: Digest
  },
): Promise<RestoredImage> {
  const { call, address, repository, digest } = restored
  const deleted = await tx.deletedManifests.find(repository.id, digest)
  if (!deleted) throw refuse('ImageUnknown', { ...factsOf(address), digest, tag: undefined })
  const children = await restoreManifest(tx, schedule, restored)
  const tags: Tag[] = []
  for (const tag of deleted.tags) {
    if (await tx.tags.find(repository.id, tag)) continue
    await tx.tags.set(repository.id, { tag, digest, movedAt: call.now })
    await schedule.recordTag(tx, call, repository.id, { tag, digest, previousDigest: undefined })
    tags.push(tag)
  }
  return { digest, tags, children }
}

/** The manifest alone, and what an index needs. Returns the children that were brought back, all the way down. */
async function restoreManifest(
  tx: MetadataTransaction,
  schedule: Schedule,
  restored: Parameters<typeof restoreImage>[2],
): Promise<Digest[]> {
  const { call, address, repository, digest } = restored
  const deleted = await tx.deletedManifests.find(repository.id, digest)
  if (!deleted) throw refuse('ReferencedImagesUnknown', { ...factsOf(address), digests: [digest] })
  const { blobs, children } = await tx.deletedManifests.listReferences(repository.id, digest)
  const linked = new Set((await tx.blobs.listLinked(repository.id, blobs)).map((blob) => blob.digest))
  const missing = blobs.filter((blob) => !linked.has(blob))
  if (missing.length > 0) throw refuse('ReferencedBlobsUnknown', { ...factsOf(address), digests: missing })

  const live = new Set((await tx.manifests.listAmong(repository.id, [digest, ...children])).map((each) => each.digest))
  if (!live.has(digest)) await tx.manifests.insert(repository.id, deleted, { blobs: [], children: [] })
  await tx.deletedManifests.remove(repository.id, digest)
  await schedule.reviewManifest(tx, repository, digest, call.now)
  const broughtBack: Digest[] = []
  for (const child of children) {
    if (live.has(child) || broughtBack.includes(child)) continue
    broughtBack.push(child, ...(await restoreManifest(tx, schedule, { ...restored, digest: child })))
  }
  return broughtBack
}
