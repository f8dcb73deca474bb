import { utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { describeFinding, harmOf } from '../../src/registry/finding.ts'
import { artifact, image, index, randomContent } from '../support/images.ts'
import { expectStatus, pushBlob, pushImage, startUpload } from '../support/push.ts'
import { type CheckedData, openCopy, startCheckedRegistry } from './checked-registry.ts'
import { damages, fill, repository } from './damages.ts'

const dayMs = 24 * 60 * 60 * 1000

/** Filled once; each test damages a copy. */
const checkTest = test
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('filled', { scope: 'file' }, async ({}, { onCleanup }) => {
    const world = await startCheckedRegistry()
    onCleanup(() => world[Symbol.asyncDispose]())
    await fill(world.registry.oci)
    return world
  })
  .extend('data', async ({ filled }, { onCleanup }) => {
    const data: CheckedData = await openCopy(filled.folder)
    onCleanup(() => data[Symbol.asyncDispose]())
    return data
  })

checkTest('a registry that nobody damaged has nothing to find, however deep one looks', async ({ data }) => {
  expect(await data.check({ isDeep: true })).toEqual([])
})

checkTest.for(damages)('when $what, it is found, and nothing else is', async (damage, { data }) => {
  await damage.doTo(data)
  const findings = await data.check({ isDeep: damage.isDeep ?? false })
  expect(findings).toMatchObject(damage.found)
  if (damage.harm) expect(harmOf(findings[0]!)).toBe(damage.harm)
  for (const finding of findings) expect(describeFinding(finding)).not.toMatch(/undefined|\[object/)
})

checkTest('an object that nothing names is a stray only once it is old', async ({ data }) => {
  const file = join(data.folder, 'blobs/open/stray')
  await writeFile(file, 'abc')
  expect(await data.check({ strayMsMin: dayMs })).toEqual([])
  const before = (Date.now() - 2 * dayMs) / 1000
  await utimes(file, before, before)
  expect(await data.check({ strayMsMin: dayMs })).toMatchObject([{ code: 'ObjectStray', key: 'stray' }])
})

checkTest('a repository that is being deleted is sound', async ({ data }) => {
  await data.metadata.write(async (tx) => {
    const [found] = await tx.repositories.list('000000000000', { after: undefined, limit: 1 })
    expect(found!.name).toBe('app')
    await tx.repositories.markDeleted(found!.id, Date.now())
    await tx.repositories.purge(found!.id, 5, Date.now())
  })
  expect(await data.check()).toEqual([])
})

checkTest('the check says how far it is, and rests after each page', async ({ data }) => {
  const counts = new Map<string, number>()
  let bytes = 0
  let rests = 0
  await data.check({
    isDeep: true,
    onProgress: (progress) => {
      counts.set(progress.step, progress.count)
      if (progress.step === 'blobs') bytes = progress.bytes
    },
    rest: async () => {
      rests++
    },
  })
  expect(Object.fromEntries(counts)).toMatchObject({ repositories: 1, tags: 2, manifests: 5, uploads: 1 })
  expect(bytes).toBeGreaterThan(500)
  expect(rests).toBeGreaterThan(counts.size)
})

test('a check beside pushes, deletions and collections finds nothing', async () => {
  let skewMs = 0
  const limits = { deletedKeepMs: 1, collectGraceMs: 1 }
  await using world = await startCheckedRegistry({ limits, clock: () => Date.now() + skewMs })
  const { oci, app } = world.registry
  const churn = async (name: string) => {
    for (let round = 0; round < 3; round++) {
      const pushed = index([image(), artifact()])
      await pushImage(oci, name, pushed, 'latest')
      await oci.patch(await startUpload(oci, name), randomContent().bytes)
      expectStatus(202, await oci.delete(`/v2/${name}/manifests/${pushed.digest}`))
      await pushBlob(oci, name, randomContent())
      // Past the jitter of reviews, and soon past the hour that objects are kept for their readers.
      skewMs += dayMs / 24
      await app.registry.collector.passUntilDone()
      await app.registry.sweep.passUntilDone()
    }
  }
  let isOver = false
  const churning = Promise.all([churn(repository), churn('library/other')]).finally(() => {
    isOver = true
  })
  const found = []
  while (!isOver) found.push(...(await world.check({ isDeep: true })))
  await churning
  expect(found).toEqual([])
})
