import { newRowId } from '../lib/ids.ts'
import type { ManifestRecord, MetadataStore, MetadataTransaction } from '../metadata/metadata-store.ts'
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import type { Tag } from '../oci/reference.ts'
import type { CheckStep } from './check-run.ts'
import { deleteManifest } from './collect.ts'
import type { Finding, FindingCode, Findings } from './finding.ts'
import type { RegistryLimits } from './limits.ts'
import { Schedule } from './schedule.ts'

export interface RepairParts {
  readonly metadata: MetadataStore
  readonly limits: RegistryLimits
  readonly now: number
}

type Repair<Code extends FindingCode> = (
  tx: MetadataTransaction,
  facts: Findings[Code],
  parts: { readonly schedule: Schedule; readonly limits: RegistryLimits; readonly now: number },
) => Promise<string | undefined>

/**
 * Do about a finding what is safe to do: what loses nothing that could still be had, and lets a push heal the rest. Looks
 * again first, in the transaction that acts. Returns what was done; `undefined` when that is nothing, because it takes a
 * person, or because it is as it should be by now.
 */
export async function repair({ metadata, limits, now }: RepairParts, finding: Finding): Promise<string | undefined> {
  const parts = { schedule: new Schedule(limits), limits, now }
  const act = repairs[finding.code] as Repair<FindingCode> | undefined
  return act && metadata.write((tx) => act(tx, finding, parts))
}

/** So much is wrong that it is no damage, but a volume that is not mounted, or a database that is not of these blobs. */
export class RepairImplausible extends Error {
  override readonly name = 'RepairImplausible'
}

/**
 * Have a person look first when most blobs have no bytes, or most objects no name.
 * @throws RepairImplausible
 */
export function requirePlausible(findings: readonly Finding[], counts: ReadonlyMap<CheckStep, number>): void {
  const blobs = counts.get('blobs') ?? 0
  const objects = counts.get('objects') ?? 0
  const lost = findings.filter(({ code }) => lossCodes.includes(code)).length
  const stray = findings.filter(({ code }) => code === 'ObjectStray').length
  if (lost > blobs / 2) {
    throw new RepairImplausible(
      `${lost} of ${blobs} blobs are missing or damaged: is the volume mounted, and are these the blobs of this database?`,
    )
  }
  if (stray > objects / 2) {
    throw new RepairImplausible(
      `nothing names ${stray} of ${objects} objects: is this an older database than the objects are of?`,
    )
  }
}

const lossCodes: readonly FindingCode[] = ['BlobMissing', 'BlobSizeWrong', 'BlobDamaged']

/** Who set or removed a tag, in its history. */
const principal = 'waybill check'

const repairs: { readonly [Code in FindingCode]: Repair<Code> | undefined } = {
  ObjectStray: async (tx, { key }, { now }) => {
    if ((await tx.scan.listNamedKeys([key])).length > 0) return undefined
    await tx.discards.insert({ key, notBefore: now })
    return 'the server will delete it'
  },
  BlobMissing: forgetBlob,
  BlobSizeWrong: forgetBlob,
  BlobDamaged: forgetBlob,
  // A disk that fails now may be read on another machine.
  BlobUnreadable: undefined,
  BlobCondemned: async (tx, { digest, key }) => {
    if ((await tx.blobs.find(digest))?.key !== key) return undefined
    await tx.discards.remove(key)
    return 'it stays'
  },
  BlobForgotten: async (tx, { digest }, { schedule, now }) => {
    await tx.reviews.put({ kind: 'blob', repositoryId: 0, digest, dueAt: schedule.graceFrom(now) })
    return 'it will be looked at'
  },
  UploadShort: async (tx, { upload, key, offset }, { now }) => {
    if ((await tx.uploads.find(upload))?.offset !== offset) return undefined
    await tx.uploads.remove(upload)
    await tx.discards.insert({ key, notBefore: now })
    return 'the upload is given up: its client begins another'
  },
  LinkDangling: async (tx, { repositoryId, digest }) => {
    if (await tx.blobs.find(digest)) return undefined
    await tx.blobs.unlink(repositoryId, digest)
    return 'the link is gone: the next push of the blob stores it'
  },
  LinkForgotten: async (tx, { repositoryId, digest }, { schedule, now }) => {
    await schedule.reviewLink(tx, repositoryId, digest, now)
    return 'it will be looked at'
  },
  ReferenceDangling: async (tx, { repositoryId, manifest, digest }, { now }) => {
    const [live] = await tx.manifests.listAmong(repositoryId, [manifest])
    if (!live || !(await tx.blobs.find(digest))) return undefined
    // The repository had it when the image was put, or the image would have been refused: it may serve it.
    await tx.blobs.link(repositoryId, digest, now)
    return 'the blob is stored: the repository has it again'
  },
  ReferenceUnrecorded: async (tx, { repositoryId, manifest: digest }) => {
    const record =
      (await tx.manifests.find(repositoryId, digest)) ?? (await tx.deletedManifests.find(repositoryId, digest))
    if (!record) return undefined
    const { blobs, children } = parseManifest(record.payload, record.mediaType, algorithmOf(digest))
    await tx.manifests.insertReferences(repositoryId, digest, {
      blobs,
      children: children.map((child) => child.digest),
    })
    return 'it is on record'
  },
  ReferenceForgotten: async (tx, { repositoryId, manifest }, { schedule, now }) => {
    const isHeld =
      (await tx.manifests.listAmong(repositoryId, [manifest])).length > 0 ||
      (await tx.deletedManifests.find(repositoryId, manifest)) !== undefined
    if (isHeld) return undefined
    const { blobs } = await tx.deletedManifests.listReferences(repositoryId, manifest)
    for (const digest of blobs) await schedule.reviewLink(tx, repositoryId, digest, now)
    await tx.deletedManifests.removeReferences(repositoryId, manifest)
    return 'what it referred to is let go of'
  },
  ChildMissing: async (tx, { repositoryId, digest }) => {
    const deleted = await tx.deletedManifests.find(repositoryId, digest)
    if (!deleted || !isWhole(deleted) || (await tx.manifests.listAmong(repositoryId, [digest])).length > 0) {
      return undefined
    }
    await tx.manifests.insert(repositoryId, deleted, { blobs: [], children: [] })
    await tx.deletedManifests.remove(repositoryId, digest)
    return 'the deleted image is there again'
  },
  RestoreBroken: undefined,
  DeletedImageForgotten: async (tx, { repositoryId, manifest }, { schedule, now }) => {
    await schedule.reviewDeleted(tx, repositoryId, manifest, now)
    return 'it will be looked at'
  },
  // While it is there a push changes nothing, and while it can be brought back the push needs no layers.
  ManifestDamaged: async (tx, { repositoryId, manifest: digest }, { schedule, now }) => {
    const repository = await tx.repositories.findById(repositoryId)
    const manifest = await tx.manifests.find(repositoryId, digest)
    if (!repository || !manifest || isWhole(manifest)) return undefined
    for (const { tag } of await tx.tags.listOf(repositoryId, [digest])) {
      await recordRemoval(tx, repositoryId, { tag, digest, now })
    }
    await deleteManifest(tx, schedule, { repository, manifest, deletedBy: principal, now })
    return 'the image is deleted: the next push of it stores it again'
  },
  TagDangling: async (tx, { repositoryId, tag, digest }, { now }) => {
    if ((await tx.tags.find(repositoryId, tag))?.digest !== digest) return undefined
    if ((await tx.manifests.listAmong(repositoryId, [digest])).length > 0) return undefined
    await tx.tags.remove(repositoryId, tag)
    await recordRemoval(tx, repositoryId, { tag, digest, now })
    return 'the tag is removed: its history has what it was on'
  },
  ImageCountWrong: async (tx, { repositoryId }) => {
    await tx.repositories.recountImages(repositoryId)
    return 'it is counted again'
  },
}

function isWhole({ digest, payload }: ManifestRecord): boolean {
  return digestOf(payload, algorithmOf(digest)) === digest
}

async function recordRemoval(
  tx: MetadataTransaction,
  repositoryId: number,
  { tag, digest, now }: { readonly tag: Tag; readonly digest: Digest; readonly now: number },
): Promise<void> {
  const event = { id: newRowId(now), tag, digest: undefined, previousDigest: digest, happenedAt: now }
  await tx.tagHistory.insert(repositoryId, { ...event, principal, door: 'command' })
}

/**
 * A row that says "stored" keeps everybody from storing it: a push asks first, and is told that it is there. Without the
 * row a push stores it anew, in whichever repository; until then images that need it are served without it, and `check`
 * goes on to name them. The object, or what is left of it, stays for as long as a deleted image does.
 */
async function forgetBlob(
  tx: MetadataTransaction,
  { digest, key }: Findings['BlobMissing'],
  { limits, now }: { readonly limits: RegistryLimits; readonly now: number },
): Promise<string | undefined> {
  if ((await tx.blobs.find(digest))?.key !== key) return undefined
  await tx.blobs.unlinkAll(digest)
  await tx.blobs.remove(digest)
  const notBefore = now + limits.deletedKeepMs
  await tx.discards.insert({ key, notBefore })
  const until = new Date(notBefore).toISOString()
  return `the next push of it stores it again; what is left of the object is kept until ${until}`
}
