import { appendFile, open, rename, rm, truncate, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import sql from 'sql-template-tag'
import { describe, expect, test } from 'vitest'

import { systemClock } from '../../src/lib/clock.ts'
import { harmOf } from '../../src/registry/finding.ts'
import { artifact, image, index, randomContent } from '../support/images.ts'
import { expectStatus, pushBlob, pushImage, startUpload } from '../support/push.ts'
import { type CheckedRegistry, startCheckedRegistry } from './checked-registry.ts'

const name = 'library/app'
const dayMs = 24 * 60 * 60 * 1000

/** What the damages below are done to. */
const one = image()
const two = image()
const both = index([one, two])
const signature = artifact({ subject: both })
const gone = image()
const unfinished = randomContent(1_000)
const unneeded = randomContent()

/** An index under two tags, a signature of it, a deleted image, an upload in progress. */
async function startFilled(): Promise<CheckedRegistry & { readonly upload: string }> {
  const world = await startCheckedRegistry()
  const { oci } = world.registry
  await pushImage(oci, name, both, 'both')
  await pushImage(oci, name, one, 'one')
  await pushImage(oci, name, signature)
  await pushImage(oci, name, gone, 'gone')
  expectStatus(202, await oci.delete(`/v2/${name}/manifests/${gone.digest}`))
  const upload = await startUpload(oci, name)
  expectStatus(202, await oci.patch(upload, unfinished.bytes))
  return { ...world, upload: upload.split('/').at(-1)! }
}

test('a registry that nobody damaged has nothing to find, however deep one looks', async () => {
  await using world = await startFilled()
  expect(await world.check({ isDeep: true })).toEqual([])
})

test('a check beside pushes, deletions and collections finds nothing', async () => {
  await using world = await startCheckedRegistry({ limits: { deletedKeepMs: 1, collectGraceMs: 1 } })
  const { oci, app } = world.registry
  let isOver = false
  const churn = async (repository: string) => {
    for (let round = 0; round < 6; round++) {
      const pushed = index([image(), artifact()])
      await pushImage(oci, repository, pushed, 'latest')
      await oci.patch(await startUpload(oci, repository), randomContent().bytes)
      expectStatus(202, await oci.delete(`/v2/${repository}/manifests/${pushed.digest}`))
      await pushBlob(oci, repository, randomContent())
      await app.registry.sweep.passUntilDone()
      await app.registry.collector.passUntilDone()
    }
  }
  const churning = Promise.all([churn('library/a'), churn('library/b')]).finally(() => {
    isOver = true
  })
  const found = []
  while (!isOver) found.push(...(await world.check({ isDeep: true })))
  await churning
  expect(found).toEqual([])
})

describe('what was damaged by hand is found, and nothing else', () => {
  interface Damage {
    readonly what: string
    readonly harm: 'broken' | 'wasted'
    readonly isDeep?: true
    doTo(world: Awaited<ReturnType<typeof startFilled>>): Promise<unknown>
    readonly found: readonly object[]
  }

  const layerOfOne = one.blobs[1]!
  const inOne = { digest: layerOfOne.digest, bytes: layerOfOne.size, repositories: [name] }
  const repository = name

  const damages: Damage[] = [
    {
      what: 'the file of a blob is gone',
      harm: 'broken',
      doTo: async ({ fileOf }) => rm(await fileOf(layerOfOne.digest)),
      found: [{ code: 'BlobMissing', ...inOne }],
    },
    {
      what: 'the file of a blob is not sealed',
      harm: 'broken',
      doTo: async ({ fileOf, folder }) => {
        const file = await fileOf(layerOfOne.digest)
        await rename(file, join(folder, 'blobs/open', file.split('/').at(-1)!))
      },
      found: [{ code: 'BlobMissing', ...inOne }],
    },
    {
      what: 'the file of a blob is cut short',
      harm: 'broken',
      doTo: async ({ fileOf }) => truncate(await fileOf(layerOfOne.digest), 10),
      found: [{ code: 'BlobSizeWrong', ...inOne, storedBytes: 10 }],
    },
    {
      what: 'a bit of a blob has flipped, to whoever looks deep',
      harm: 'broken',
      isDeep: true,
      doTo: async ({ fileOf }) => flipBit(await fileOf(layerOfOne.digest)),
      found: [{ code: 'BlobDamaged', ...inOne }],
    },
    {
      what: 'a bit of a blob has flipped, and one does not look deep',
      harm: 'broken',
      doTo: async ({ fileOf }) => flipBit(await fileOf(layerOfOne.digest)),
      found: [],
    },
    {
      what: 'a blob is about to be deleted',
      harm: 'broken',
      doTo: async ({ metadata }) => {
        const { key } = (await metadata.view.blobs.find(layerOfOne.digest as never))!
        await metadata.write((tx) => tx.discards.insert({ key, notBefore: Date.now() + dayMs }))
      },
      found: [{ code: 'BlobCondemned', ...inOne }],
    },
    {
      what: 'a file is there that no row names',
      harm: 'wasted',
      doTo: ({ folder }) => writeFile(join(folder, 'blobs/open/stray'), 'abc'),
      found: [{ code: 'ObjectStray', key: 'stray', bytes: 3, isSealed: false }],
    },
    {
      what: 'the row of a blob is gone',
      harm: 'broken',
      doTo: async ({ database }) => database.run(sql`DELETE FROM blob WHERE digest = ${layerOfOne.digest}`),
      found: [
        { code: 'LinkDangling', repository, digest: layerOfOne.digest },
        { code: 'ObjectStray', bytes: layerOfOne.size, isSealed: true },
      ],
    },
    {
      what: 'a repository lost a blob that an image of it needs',
      harm: 'broken',
      doTo: async ({ database }) => database.run(sql`DELETE FROM repository_blob WHERE digest = ${layerOfOne.digest}`),
      found: [
        { code: 'ReferenceDangling', repository, manifest: one.digest, digest: layerOfOne.digest, isStored: true },
        { code: 'BlobForgotten', digest: layerOfOne.digest },
      ],
    },
    {
      what: 'a repository lost a blob that a deleted image needs to be brought back',
      harm: 'broken',
      doTo: async ({ database }) =>
        database.run(sql`DELETE FROM repository_blob WHERE digest = ${gone.blobs[1]!.digest}`),
      found: [
        { code: 'RestoreBroken', repository, manifest: gone.digest, digest: gone.blobs[1]!.digest },
        { code: 'BlobForgotten', digest: gone.blobs[1]!.digest },
      ],
    },
    {
      what: 'the database forgot what an image needs',
      harm: 'broken',
      doTo: async ({ database }) =>
        database.run(sql`DELETE FROM manifest_blob WHERE blob_digest = ${layerOfOne.digest}`),
      found: [{ code: 'ReferenceUnrecorded', repository, manifest: one.digest, digest: layerOfOne.digest }],
    },
    {
      what: 'the database forgot what an index needs',
      harm: 'broken',
      doTo: async ({ database }) => database.run(sql`DELETE FROM manifest_child WHERE child_digest = ${two.digest}`),
      found: [{ code: 'ReferenceUnrecorded', repository, manifest: both.digest, digest: two.digest }],
    },
    {
      what: 'a manifest is gone: its tag, its index and its number are left',
      harm: 'broken',
      doTo: async ({ database }) => database.run(sql`DELETE FROM manifest WHERE digest = ${one.digest}`),
      found: [
        { code: 'ImageCountWrong', repository, recorded: 4, counted: 3 },
        { code: 'TagDangling', repository, tag: 'one', digest: one.digest },
        { code: 'ReferenceForgotten', repository, manifest: one.digest },
        { code: 'ChildMissing', repository, manifest: both.digest, digest: one.digest, isRestorable: false },
      ],
    },
    {
      what: 'the bytes of a manifest are others',
      harm: 'broken',
      doTo: async ({ database }) =>
        database.run(sql`UPDATE manifest SET payload = ${Buffer.from('{}')} WHERE digest = ${two.digest}`),
      found: [{ code: 'ManifestDamaged', repository, manifest: two.digest, isDeleted: false }],
    },
    {
      what: 'the bytes of a deleted manifest are others',
      harm: 'broken',
      doTo: async ({ database }) => database.run(sql`UPDATE deleted_manifest SET payload = ${Buffer.from('{}')}`),
      found: [{ code: 'ManifestDamaged', repository, manifest: gone.digest, isDeleted: true }],
    },
    {
      what: 'nobody is going to look at what was deleted, or at what no image needs',
      harm: 'wasted',
      doTo: async ({ database, registry }) => {
        await pushBlob(registry.oci, name, unneeded)
        database.run(sql`DELETE FROM review`)
      },
      found: [
        { code: 'DeletedImageForgotten', repository, manifest: gone.digest },
        { code: 'LinkForgotten', repository, digest: unneeded.digest },
      ],
    },
    {
      what: 'the file of an upload lost acknowledged bytes',
      harm: 'broken',
      doTo: async ({ folder, metadata, upload }) => {
        const { key } = (await metadata.view.uploads.find(upload))!
        await truncate(join(folder, 'blobs/open', key), 999)
      },
      found: [{ code: 'UploadShort', offset: 1_000 }],
    },
    {
      what: 'the file of an upload is gone',
      harm: 'broken',
      doTo: async ({ folder, metadata, upload }) => {
        const { key } = (await metadata.view.uploads.find(upload))!
        await rm(join(folder, 'blobs/open', key))
      },
      found: [{ code: 'UploadShort', offset: 1_000 }],
    },
    {
      what: 'the file of an upload holds more than was acknowledged, which is no damage',
      harm: 'broken',
      doTo: async ({ folder, metadata, upload }) => {
        const { key } = (await metadata.view.uploads.find(upload))!
        await appendFile(join(folder, 'blobs/open', key), 'more')
      },
      found: [],
    },
  ]

  test.for(damages)('$what', async ({ doTo, isDeep, found, harm }) => {
    await using world = await startFilled()
    await doTo(world)
    const findings = await world.check({ isDeep: isDeep ?? false })
    expect(findings).toMatchObject(found)
    if (found.length === 1) expect(harmOf(findings[0]!)).toBe(harm)
  })
})

test('an object that nothing names is a stray only once it is old', async () => {
  await using world = await startCheckedRegistry()
  const file = join(world.folder, 'blobs/open/stray')
  await writeFile(file, 'abc')
  expect(await world.check({ strayMsMin: dayMs })).toEqual([])
  const before = systemClock() / 1000 - 2 * 24 * 60 * 60
  await utimes(file, before, before)
  expect(await world.check({ strayMsMin: dayMs })).toMatchObject([{ code: 'ObjectStray', key: 'stray' }])
})

test('an empty repository, and one that is being deleted, are sound', async () => {
  await using world = await startFilled()
  await world.metadata.write(async (tx) => {
    const [repository] = await tx.repositories.list('000000000000', { after: undefined, limit: 1 })
    await tx.repositories.markDeleted(repository!.id, Date.now())
    await tx.repositories.purge(repository!.id, 5, Date.now())
  })
  expect(await world.check()).toEqual([])
})

async function flipBit(file: string): Promise<void> {
  await using handle = await open(file, 'r+')
  const byte = Buffer.alloc(1)
  await handle.read(byte, 0, 1, 20)
  byte[0]! ^= 1
  await handle.write(byte, 0, 1, 20)
}
