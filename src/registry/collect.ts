import type { Clock } from '../lib/clock.ts'
import type { ManifestRecord, MetadataStore, MetadataTransaction, ReviewRecord } from '../metadata/metadata-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { RegistryLimits } from './limits.ts'
import type { Schedule } from './schedule.ts'

/** Reviews looked at in one pass. */
const reviewsPerPassMax = 100
/** A stored blob that nothing links stays readable for the longest download that may have begun. */
const downloadMsMax = 60 * 60 * 1000

/** What a review came to: the thing stays for a reason, or went. */
export type Verdict =
  | { readonly kind: 'keep'; readonly because: string }
  | { readonly kind: 'collect'; readonly because: string }

export interface ReviewedItem {
  readonly review: ReviewRecord
  readonly verdict: Verdict
  /** Bytes that are freed by it. */
  readonly bytes: number
}

/**
 * Garbage collection, online. Whatever may have orphaned something left a review for it in the same transaction
 * (`Schedule`); here each review, once due, is decided and acted on in one small transaction of its own, which sees
 * everything as it then is. Nothing scans, nothing is locked, and a crash at any moment repeats at most one step.
 *
 * The chain: an untagged image is deleted → when its time to be brought back is up, what it referred to is forgotten →
 * a blob that no image of a repository refers to is unlinked → a stored blob that no repository links loses its row,
 * and its object is discarded. Each step leaves the reviews of the next.
 */
export class Collector {
  readonly #metadata: MetadataStore
  readonly #limits: RegistryLimits
  readonly #schedule: Schedule
  readonly #clock: Clock

  constructor(parts: { metadata: MetadataStore; limits: RegistryLimits; schedule: Schedule; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#limits = parts.limits
    this.#schedule = parts.schedule
    this.#clock = parts.clock
  }

  /** Look at what is due. Returns what came of it; nothing when nothing was due. */
  async pass(): Promise<ReviewedItem[]> {
    const due = await this.#metadata.view.reviews.listDue(this.#clock(), reviewsPerPassMax)
    const done: ReviewedItem[] = []
    for (const review of due) {
      done.push(await this.#metadata.write((tx) => this.#decide(tx, review)))
    }
    return done
  }

  /** Pass after pass, until nothing is due. */
  async passUntilDone(): Promise<void> {
    while ((await this.pass()).length > 0) {
      // each pass is complete in itself
    }
  }

  /** What a pass would come to at `now` for what is due by then, without doing any of it. */
  async explain(now: number, limit: number): Promise<ReviewedItem[]> {
    const due = await this.#metadata.view.reviews.listDue(now, limit)
    const explained: ReviewedItem[] = []
    for (const review of due) {
      await this.#metadata
        .write(async (tx) => {
          explained.push(await this.#decide(tx, review))
          throw new DryRun()
        })
        .catch(ignoreDryRun)
    }
    return explained
  }

  async #decide(tx: MetadataTransaction, review: ReviewRecord): Promise<ReviewedItem> {
    // Somebody may have come to rely on the thing since what is due was listed.
    if (!(await tx.reviews.remove(review))) return kept(review, 'it was put off, or is gone already')
    switch (review.kind) {
      case 'manifest':
        return this.#reviewManifest(tx, review)
      case 'deleted':
        return this.#reviewDeleted(tx, review)
      case 'link':
        return this.#reviewLink(tx, review)
      case 'blob':
        return this.#reviewBlob(tx, review)
    }
  }

  /** An image without a tag goes, unless something else holds it. "Untagged" is not "unreferenced". */
  async #reviewManifest(tx: MetadataTransaction, review: ReviewRecord): Promise<ReviewedItem> {
    const { repositoryId, digest } = review
    const manifest = await tx.manifests.find(repositoryId, digest)
    if (!manifest) return kept(review, 'it is gone already')
    const repository = await tx.repositories.findById(repositoryId)
    if (repository?.untaggedKeepMs === undefined) return kept(review, 'its repository keeps untagged images')
    if ((await tx.tags.countOf(repositoryId, digest)) > 0) return kept(review, 'it has a tag')
    const [parent] = await tx.manifests.listParents(repositoryId, digest, 1)
    if (parent) return kept(review, `the index ${parent} needs it`)
    if (manifest.subject && (await tx.manifests.find(repositoryId, manifest.subject))) {
      return kept(review, `it is about ${manifest.subject}, which is there`)
    }
    await deleteManifest(tx, this.#schedule, { repository, manifest, deletedBy: 'waybill', now: this.#clock() })
    return collected(review, 'it has no tag, no index needs it, and what it is about, if anything, is gone')
  }

  /** A deleted image's time to be brought back is up: what it referred to is no longer held. */
  async #reviewDeleted(tx: MetadataTransaction, review: ReviewRecord): Promise<ReviewedItem> {
    const { repositoryId, digest } = review
    const deleted = await tx.deletedManifests.find(repositoryId, digest)
    if (!deleted) return kept(review, 'it was brought back, or is gone already')
    if (deleted.deletedAt + this.#limits.deletedKeepMs > this.#clock()) {
      await this.#schedule.reviewDeleted(tx, repositoryId, digest, deleted.deletedAt)
      return kept(review, 'it was deleted again since')
    }
    await tx.deletedManifests.remove(repositoryId, digest)
    if (await tx.manifests.find(repositoryId, digest))
      return collected(review, 'it was pushed again; the deleted one goes')
    const now = this.#clock()
    const { blobs } = await tx.deletedManifests.listReferences(repositoryId, digest)
    for (const blob of blobs) await this.#schedule.reviewLink(tx, repositoryId, blob, now)
    await tx.deletedManifests.removeReferences(repositoryId, digest)
    return collected(review, 'its time to be brought back is up', deleted.payload.length)
  }

  /** A blob that no image of the repository refers to is taken from it, be the image live or one to be brought back. */
  async #reviewLink(tx: MetadataTransaction, review: ReviewRecord): Promise<ReviewedItem> {
    const { repositoryId, digest } = review
    if (await tx.blobs.isReferenced(repositoryId, digest, 'any')) return kept(review, 'an image refers to it')
    if (!(await tx.blobs.unlink(repositoryId, digest))) return kept(review, 'it is gone already')
    await tx.reviews.put({ kind: 'blob', repositoryId: 0, digest, dueAt: this.#clock() })
    return collected(review, 'no image of the repository refers to it')
  }

  /**
   * A stored blob that no repository links: its row goes and its object is discarded, in one transaction. The object has
   * a key of its own, so a push of the same content from now on stores another, which this deletion cannot touch.
   */
  async #reviewBlob(tx: MetadataTransaction, review: ReviewRecord): Promise<ReviewedItem> {
    const [linking] = await tx.blobs.listLinking(review.digest, 1)
    if (linking) return kept(review, `the repository ${linking.name} links it`)
    const blob = await tx.blobs.find(review.digest)
    if (!blob) return kept(review, 'it is gone already')
    // The removal of a repository, when it comes to its links, leaves a review of its own.
    if (!(await tx.blobs.remove(review.digest))) return kept(review, 'a repository that is being removed links it')
    await tx.discards.insert({ key: blob.key, notBefore: this.#clock() + downloadMsMax })
    return collected(review, 'no repository links it', blob.bytes)
  }
}

/** Take an image away, to be brought back until its time is up. The tags it has go with it. */
export async function deleteManifest(
  tx: MetadataTransaction,
  schedule: Schedule,
  deletion: {
    readonly repository: Parameters<Schedule['reviewManifest']>[1]
    readonly manifest: ManifestRecord
    readonly deletedBy: string
    readonly now: number
  },
): Promise<void> {
  const { repository, manifest, deletedBy, now } = deletion
  const tags = (await tx.tags.listOf(repository.id, [manifest.digest])).map((row) => row.tag)
  await tx.deletedManifests.insert(repository.id, { ...manifest, tags, deletedAt: now, deletedBy })
  await tx.manifests.remove(repository.id, manifest.digest)
  await schedule.reviewDeleted(tx, repository.id, manifest.digest, now)
  const { children } = await tx.deletedManifests.listReferences(repository.id, manifest.digest)
  for (const child of children) await schedule.reviewManifest(tx, repository, child, now)
  for (const referrer of await listAllReferrers(tx, repository.id, manifest.digest)) {
    await schedule.reviewManifest(tx, repository, referrer, now)
  }
}

const referrersPageMax = 100

async function listAllReferrers(tx: MetadataTransaction, repositoryId: number, subject: Digest): Promise<Digest[]> {
  const referrers: Digest[] = []
  for (;;) {
    const page = { after: referrers.at(-1), limit: referrersPageMax }
    const found = await tx.manifests.listReferrers(repositoryId, subject, undefined, page)
    referrers.push(...found.map((manifest) => manifest.digest))
    if (found.length < referrersPageMax) return referrers
  }
}

class DryRun extends Error {}

function ignoreDryRun(error: unknown): void {
  if (!(error instanceof DryRun)) throw error
}

function kept(review: ReviewRecord, because: string): ReviewedItem {
  return { review, verdict: { kind: 'keep', because }, bytes: 0 }
}

function collected(review: ReviewRecord, because: string, bytes = 0): ReviewedItem {
  return { review, verdict: { kind: 'collect', because }, bytes }
}
