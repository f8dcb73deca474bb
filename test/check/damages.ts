import { appendFile, open, rename, rm, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import sql from 'sql-template-tag'

import type { Digest } from '../../src/oci/digest.ts'
import type { FindingCode, Harm } from '../../src/registry/finding.ts'
import { artifact, image, index, randomContent } from '../support/images.ts'
import type { OciClient } from '../support/oci-client.ts'
import { expectStatus, pushBlob, pushImage, startUpload } from '../support/push.ts'
import type { CheckedData } from './checked-registry.ts'

export const repository = 'library/app'

const one = image()
const two = image()
const both = index([one, two])
const signature = artifact({ subject: both })
const gone = image()
const unneeded = randomContent()
const unfinished = randomContent(1_000)

/** What everybody pushed, and pushes again where it got lost. */
export async function pushAll(oci: OciClient): Promise<void> {
  await pushImage(oci, repository, both, 'both')
  await pushImage(oci, repository, one, 'one')
  await pushImage(oci, repository, signature)
}

/** Beside that: a deleted image, a blob that no image needs, an upload in progress. */
export async function fill(oci: OciClient): Promise<void> {
  await pushAll(oci)
  await pushImage(oci, repository, gone, 'gone')
  expectStatus(202, await oci.delete(`/v2/${repository}/manifests/${gone.digest}`))
  await pushBlob(oci, repository, unneeded)
  expectStatus(202, await oci.patch(await startUpload(oci, repository), unfinished.bytes))
}

export interface Damage {
  readonly what: string
  readonly isDeep?: true
  doTo(data: CheckedData): Promise<unknown>
  readonly found: readonly ({ readonly code: FindingCode } & Readonly<Record<string, unknown>>)[]
  /** Of the first finding. */
  readonly harm?: Harm
  /** Codes that are left when all was repaired that can be. */
  readonly left: readonly FindingCode[]
  /** Codes that are left when everything was pushed again after that. */
  readonly leftForGood?: readonly FindingCode[]
}

const layerOfOne = one.blobs[1]!
const layerOfGone = gone.blobs[1]!
const inOne = { digest: layerOfOne.digest, bytes: layerOfOne.size, repositories: [repository] }

export const damages: readonly Damage[] = [
  {
    what: 'the file of a blob is gone',
    doTo: async ({ fileOf }) => rm(await fileOf(layerOfOne.digest)),
    found: [{ code: 'BlobMissing', ...inOne }],
    harm: 'broken',
    left: ['ReferenceDangling'],
  },
  {
    what: 'the file of a blob is not sealed',
    doTo: async ({ fileOf, folder }) => {
      const file = await fileOf(layerOfOne.digest)
      await rename(file, join(folder, 'blobs/open', file.split('/').at(-1)!))
    },
    found: [{ code: 'BlobMissing', ...inOne }],
    left: ['ReferenceDangling'],
  },
  {
    what: 'the file of a blob is cut short',
    doTo: async ({ fileOf }) => truncate(await fileOf(layerOfOne.digest), 10),
    found: [{ code: 'BlobSizeWrong', ...inOne, storedBytes: 10 }],
    left: ['ReferenceDangling'],
  },
  {
    what: 'a bit of a blob has flipped, to whoever looks deep',
    isDeep: true,
    doTo: async ({ fileOf }) => flipBit(await fileOf(layerOfOne.digest)),
    found: [{ code: 'BlobDamaged', ...inOne }],
    left: ['ReferenceDangling'],
  },
  {
    what: 'a bit of a blob has flipped, and nobody looks deep',
    doTo: async ({ fileOf }) => flipBit(await fileOf(layerOfOne.digest)),
    found: [],
    left: [],
  },
  {
    what: 'a blob is about to be deleted',
    doTo: async ({ metadata }) => {
      const { key } = (await metadata.view.blobs.find(layerOfOne.digest as Digest))!
      await metadata.write((tx) => tx.discards.insert({ key, notBefore: Date.now() + 60_000 }))
    },
    found: [{ code: 'BlobCondemned', ...inOne }],
    harm: 'broken',
    left: [],
  },
  {
    what: 'a file is there that no row names',
    doTo: ({ folder }) => writeFile(join(folder, 'blobs/open/stray'), 'abc'),
    found: [{ code: 'ObjectStray', key: 'stray', bytes: 3, isSealed: false }],
    harm: 'wasted',
    left: [],
  },
  {
    what: 'the row of a blob is gone',
    doTo: async ({ database }) => database.run(sql`DELETE FROM blob WHERE digest = ${layerOfOne.digest}`),
    found: [
      { code: 'LinkDangling', repository, digest: layerOfOne.digest },
      { code: 'ObjectStray', bytes: layerOfOne.size, isSealed: true },
    ],
    harm: 'broken',
    left: ['ReferenceDangling'],
  },
  {
    what: 'a repository lost a blob that an image of it needs',
    doTo: async ({ database }) => database.run(sql`DELETE FROM repository_blob WHERE digest = ${layerOfOne.digest}`),
    found: [
      { code: 'ReferenceDangling', repository, manifest: one.digest, digest: layerOfOne.digest, isStored: true },
      { code: 'BlobForgotten', digest: layerOfOne.digest },
    ],
    harm: 'broken',
    left: [],
  },
  {
    what: 'a repository lost a blob that a deleted image needs to be brought back',
    doTo: async ({ database }) => database.run(sql`DELETE FROM repository_blob WHERE digest = ${layerOfGone.digest}`),
    found: [
      { code: 'RestoreBroken', repository, manifest: gone.digest, digest: layerOfGone.digest },
      { code: 'BlobForgotten', digest: layerOfGone.digest },
    ],
    left: ['RestoreBroken'],
    leftForGood: ['RestoreBroken'],
  },
  {
    what: 'the database forgot what an image needs',
    doTo: async ({ database }) => database.run(sql`DELETE FROM manifest_blob WHERE blob_digest = ${layerOfOne.digest}`),
    found: [{ code: 'ReferenceUnrecorded', repository, manifest: one.digest, digest: layerOfOne.digest }],
    left: [],
  },
  {
    what: 'the database forgot what an index needs',
    doTo: async ({ database }) => database.run(sql`DELETE FROM manifest_child WHERE child_digest = ${two.digest}`),
    found: [{ code: 'ReferenceUnrecorded', repository, manifest: both.digest, digest: two.digest }],
    left: [],
  },
  {
    what: 'a manifest is gone: its tag, its index and its number are left',
    doTo: async ({ database }) => database.run(sql`DELETE FROM manifest WHERE digest = ${one.digest}`),
    found: [
      { code: 'ImageCountWrong', repository, recorded: 4, counted: 3 },
      { code: 'TagDangling', repository, tag: 'one', digest: one.digest },
      { code: 'ReferenceForgotten', repository, manifest: one.digest },
      { code: 'ChildMissing', repository, manifest: both.digest, digest: one.digest, isRestorable: false },
    ],
    harm: 'broken',
    left: ['ChildMissing'],
  },
  {
    what: 'an image that an index needs is deleted',
    doTo: async ({ metadata }) => {
      const at = { registry: { kind: 'account', accountId: '000000000000' }, name: 'app' } as const
      await metadata.write(async (tx) => {
        const { id } = (await tx.repositories.find(at as never))!
        const manifest = (await tx.manifests.find(id, two.digest as Digest))!
        await tx.deletedManifests.insert(id, { ...manifest, tags: [], deletedAt: Date.now(), deletedBy: 'nobody' })
        await tx.manifests.remove(id, manifest.digest)
        await tx.reviews.put({ kind: 'deleted', repositoryId: id, digest: manifest.digest, dueAt: Date.now() + 60_000 })
      })
    },
    found: [{ code: 'ChildMissing', repository, manifest: both.digest, digest: two.digest, isRestorable: true }],
    harm: 'broken',
    left: [],
  },
  {
    what: 'the bytes of a manifest are others',
    doTo: async ({ database }) =>
      database.run(sql`UPDATE manifest SET payload = ${Buffer.from('{}')} WHERE digest = ${two.digest}`),
    found: [{ code: 'ManifestDamaged', repository, manifest: two.digest, isDeleted: false }],
    harm: 'broken',
    left: ['ManifestDamaged', 'ChildMissing'],
  },
  {
    what: 'the bytes of a deleted manifest are others',
    doTo: async ({ database }) => database.run(sql`UPDATE deleted_manifest SET payload = ${Buffer.from('{}')}`),
    found: [{ code: 'ManifestDamaged', repository, manifest: gone.digest, isDeleted: true }],
    left: ['ManifestDamaged'],
    leftForGood: ['ManifestDamaged'],
  },
  {
    what: 'nobody is going to look at what was deleted, or at what no image needs',
    doTo: async ({ database }) => database.run(sql`DELETE FROM review`),
    found: [
      { code: 'DeletedImageForgotten', repository, manifest: gone.digest },
      { code: 'LinkForgotten', repository, digest: unneeded.digest },
    ],
    harm: 'wasted',
    left: [],
  },
  {
    what: 'the file of an upload lost acknowledged bytes',
    doTo: async (data) => truncate(await fileOfUpload(data), 999),
    found: [{ code: 'UploadShort', offset: 1_000 }],
    harm: 'broken',
    left: [],
  },
  {
    what: 'the file of an upload is gone',
    doTo: async (data) => rm(await fileOfUpload(data)),
    found: [{ code: 'UploadShort', offset: 1_000 }],
    left: [],
  },
  {
    what: 'the file of an upload holds more than was acknowledged, which is no damage',
    doTo: async (data) => appendFile(await fileOfUpload(data), 'more'),
    found: [],
    left: [],
  },
]

async function fileOfUpload({ metadata, folder }: CheckedData): Promise<string> {
  const [upload] = await metadata.view.scan.listUploads({ after: undefined, limit: 1 })
  return join(folder, 'blobs/open', upload!.key)
}

async function flipBit(file: string): Promise<void> {
  await using handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, 20)
  byte[0]! ^= 1
  await handle.write(byte, 0, 1, 20)
}
