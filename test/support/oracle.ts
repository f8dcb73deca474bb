import { createHash } from 'node:crypto'

import type { StoredKey } from '../../src/blobs/blob-store.ts'
import type { MetadataView, RepositoryRecord, ReviewRecord } from '../../src/metadata/metadata-store.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { parseManifest } from '../../src/oci/manifest.ts'
import type { Stores } from '../../src/stores.ts'

const everything = { after: undefined, limit: 1_000_000 }
const endOfTime = Number.MAX_SAFE_INTEGER

/**
 * Reads both stores from end to end and says what contradicts what, one sentence each: the invariants of the data as a
 * second pair of eyes sees them. `known` are the digests of all blobs there ever were, as the port has no list of them.
 *
 * Nothing else may use the stores meanwhile.
 */
export async function contradictionsIn(
  { metadata: { view }, blobs }: Pick<Stores, 'metadata' | 'blobs'>,
  known: Iterable<string>,
): Promise<string[]> {
  const audit = new Audit(view)
  for await (const stored of blobs.keys()) audit.stored.set(stored.key, stored)
  for (const review of await view.reviews.listDue(endOfTime, everything.limit)) audit.reviews.add(nameOf(review))
  const repositories = await view.repositories.listAll(everything)
  for (const repository of repositories) await audit.readRepository(repository)
  for (const id of await view.repositories.listDeleted(everything.limit)) await audit.readUploads(id)
  for (const digest of new Set(known)) {
    const row = await view.blobs.find(digest as Digest)
    if (!row) continue
    audit.name(row.key, `the blob ${digest}`)
    const bytes = await blobs.size(row.key)
    if (bytes !== row.bytes) audit.found.push(`the blob ${digest} has ${row.bytes} bytes, its object ${bytes}`)
    else if ((await hashOf(blobs.open(row.key), digest)) !== digest) audit.found.push(`the blob ${digest} is damaged`)
    const isLinked = (await view.blobs.listLinking(row.digest, 1)).length > 0
    const isReviewed = audit.reviews.has(nameOf({ kind: 'blob', repositoryId: 0, digest: row.digest }))
    if (!isLinked && !isReviewed && !audit.hasDeletedRepositories) {
      audit.found.push(`the blob ${digest} is linked by nothing, and nothing will look at it`)
    }
    for (const repository of repositories) await audit.readLink(repository, row.digest)
  }
  for (const { key } of await view.discards.listDue(endOfTime, everything.limit)) audit.name(key, 'a discard', true)
  for (const key of audit.stored.keys()) {
    if (!audit.isNamed(key)) audit.found.push(`the object ${key} is named by nothing`)
  }
  return audit.found
}

class Audit {
  readonly found: string[] = []
  readonly stored = new Map<string, StoredKey>()
  readonly reviews = new Set<string>()
  readonly #view: MetadataView
  readonly #named = new Map<string, string>()
  hasDeletedRepositories = false

  constructor(view: MetadataView) {
    this.#view = view
  }

  /** Every object is named by one row. One that is being removed may be gone already. */
  name(key: string, by: string, mayBeGone = false): void {
    const other = this.#named.get(key)
    if (other !== undefined) this.found.push(`the object ${key} is named by ${other} and by ${by}`)
    this.#named.set(key, by)
    if (!mayBeGone && !this.stored.has(key)) this.found.push(`${by} names the object ${key}, which is not there`)
  }

  isNamed(key: string): boolean {
    return this.#named.has(key)
  }

  async readRepository(repository: RepositoryRecord): Promise<void> {
    const { id, name } = repository
    const manifests = await this.#view.manifests.list(id, everything)
    const live = new Set<string>(manifests.map(({ digest }) => digest))
    const deleted = new Set<string>()
    for (const { digest } of await this.#view.deletedManifests.list(id, everything)) deleted.add(digest)
    if (repository.imageCount !== live.size) {
      this.found.push(`${name} has ${live.size} images and counts ${repository.imageCount}`)
    }
    for (const { tag, digest } of await this.#view.tags.list(id, everything)) {
      if (!live.has(digest)) this.found.push(`${name}:${tag} points at ${digest}, which is not there`)
    }
    for (const digest of deleted) {
      if (live.has(digest)) this.found.push(`${name}@${digest} is both there and deleted`)
      if (!this.reviews.has(nameOf({ kind: 'deleted', repositoryId: id, digest: digest as Digest }))) {
        this.found.push(`${name}@${digest} is deleted, and will never be forgotten`)
      }
    }
    for (const { digest, mediaType } of manifests) await this.#readManifest(repository, digest, mediaType, live)
    await this.readUploads(id)
  }

  async #readManifest(
    { id, name }: RepositoryRecord,
    digest: Digest,
    mediaType: string,
    live: ReadonlySet<string>,
  ): Promise<void> {
    const payload = (await this.#view.manifests.find(id, digest))!.payload
    if (hashed(payload, digest) !== digest) this.found.push(`the payload of ${name}@${digest} is damaged`)
    const said = parseManifest(payload, mediaType)
    const recorded = await this.#view.deletedManifests.listReferences(id, digest)
    const wantedBlobs = said.blobs.map((blob) => blob.digest)
    const wantedChildren = said.children.map((child) => child.digest)
    if (!isSameSet(wantedBlobs, recorded.blobs) || !isSameSet(wantedChildren, recorded.children)) {
      this.found.push(`${name}@${digest} refers to other things than is on record`)
    }
    const linked = new Set<string>((await this.#view.blobs.listLinked(id, wantedBlobs)).map((blob) => blob.digest))
    for (const blob of wantedBlobs) {
      if (!linked.has(blob)) this.found.push(`${name}@${digest} needs the blob ${blob}, which ${name} does not have`)
    }
    for (const child of wantedChildren) {
      if (!live.has(child)) this.found.push(`${name}@${digest} needs the image ${child}, which ${name} does not have`)
    }
  }

  /** A link that no image needs is to be looked at some day. */
  async readLink({ id, name }: RepositoryRecord, digest: Digest): Promise<void> {
    const [link] = await this.#view.blobs.listLinked(id, [digest])
    if (!link || (await this.#view.blobs.isReferenced(id, digest, 'any'))) return
    if (this.reviews.has(nameOf({ kind: 'link', repositoryId: id, digest }))) return
    this.found.push(`${name} has the blob ${digest} for no image, and nothing will look at it`)
  }

  async readUploads(repositoryId: number): Promise<void> {
    const isDeleted = (await this.#view.repositories.findById(repositoryId)) === undefined
    this.hasDeletedRepositories ||= isDeleted
    for (const { id, key, offset } of await this.#view.uploads.listOf(repositoryId, everything.limit)) {
      this.name(key, `the upload ${id}`, offset === 0)
      const bytes = this.stored.get(key)?.bytes ?? 0
      if (bytes < offset) this.found.push(`the upload ${id} has taken ${offset} bytes, and ${bytes} are there`)
    }
  }
}

function nameOf({ kind, repositoryId, digest }: Omit<ReviewRecord, 'dueAt'>): string {
  return `${kind} ${repositoryId} ${digest}`
}

function isSameSet(left: readonly string[], right: readonly string[]): boolean {
  return new Set(left).symmetricDifference(new Set(right)).size === 0
}

async function hashOf(stream: Promise<AsyncIterable<Uint8Array>>, digest: string): Promise<string> {
  const hash = createHash(digest.split(':', 1)[0]!)
  for await (const chunk of await stream) hash.update(chunk)
  return `${digest.split(':', 1)[0]}:${hash.digest('hex')}`
}

function hashed(bytes: Uint8Array, digest: string): string {
  const algorithm = digest.split(':', 1)[0]!
  return `${algorithm}:${createHash(algorithm).update(bytes).digest('hex')}`
}
