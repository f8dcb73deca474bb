import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { defaultLimits } from '../../src/registry/limits.ts'
import { RepairImplausible, repair, requirePlausible } from '../../src/registry/repair.ts'
import { startTestRegistry } from '../support/test-registry.ts'
import { type CheckedData, openCopy, startCheckedRegistry } from './checked-registry.ts'
import { damages, fill, pushAll } from './damages.ts'

/** Filled once; each test damages a copy. */
const repairTest = test
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

repairTest.for(damages)('when $what, what can be repaired is, and a push heals the rest', async (damage, { data }) => {
  const look = async () => (await data.check({ isDeep: damage.isDeep ?? false })).map(({ code }) => code)
  await damage.doTo(data)
  for (const finding of await data.check({ isDeep: damage.isDeep ?? false })) {
    await repair({ metadata: data.metadata, limits: defaultLimits, now: Date.now() }, finding)
  }
  expect(await look()).toEqual(damage.left)
  if (damage.left.length === 0) return
  await using registry = await startTestRegistry({ folder: data.folder })
  await pushAll(registry.oci)
  expect(await look()).toEqual(damage.leftForGood ?? [])
})

repairTest('what was as it should be by the time it is repaired is left alone', async ({ data }) => {
  const [damage] = damages
  await damage!.doTo(data)
  const [finding] = await data.check()
  const parts = { metadata: data.metadata, limits: defaultLimits, now: Date.now() }
  expect(await repair(parts, finding!)).toMatch('the next push of it stores it again')
  expect(await repair(parts, finding!)).toBeUndefined()
})

repairTest('blobs that are all gone are a volume that is not mounted, and not to be repaired', async ({ data }) => {
  await rm(join(data.folder, 'blobs/sealed'), { recursive: true })
  await mkdir(join(data.folder, 'blobs/sealed'))
  const counts = new Map()
  const findings = await data.check({ onProgress: ({ step, count }) => counts.set(step, count) })
  expect(findings.length).toBeGreaterThan(5)
  expect(() => requirePlausible(findings, counts)).toThrow(RepairImplausible)
  expect(() => requirePlausible(findings.slice(0, 2), counts)).not.toThrow()
})

repairTest('objects that nearly all have no name are those of another database', async ({ data }) => {
  data.database.execute('DELETE FROM repository_blob; DELETE FROM blob; DELETE FROM manifest_blob; DELETE FROM upload')
  const counts = new Map()
  const findings = await data.check({ onProgress: ({ step, count }) => counts.set(step, count) })
  expect(() => requirePlausible(findings, counts)).toThrow(RepairImplausible)
})
