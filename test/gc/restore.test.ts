import { describe, expect, test } from 'vitest'

import { openMaintenance } from '../../src/maintenance.ts'
import { parseDigest } from '../../src/oci/digest.ts'
import { defaultLimits } from '../../src/registry/limits.ts'
import { type CheckedData, startCheckedRegistry } from '../check/checked-registry.ts'
import { image, index } from '../support/images.ts'
import { asPulled, expectStatus, pullImage, pushImage, putManifest } from '../support/push.ts'
import type { TestRegistry } from '../support/test-registry.ts'

const name = 'library/app'
const page = { after: undefined, limit: 100 }

/** What an operator's commands do, beside a registry that serves from the same folder. */
async function startMaintained() {
  await using resources = new AsyncDisposableStack()
  const world: CheckedData & { readonly registry: TestRegistry } = resources.use(await startCheckedRegistry())
  const maintenance = resources.use(
    await openMaintenance({ storage: { kind: 'filesystem', folder: world.folder }, limits: defaultLimits }),
  )
  const { oci } = world.registry
  const held = resources.move()
  return {
    ...{ world, maintenance, oci },
    remove: async (reference: string) => expectStatus(202, await oci.delete(`/v2/${name}/manifests/${reference}`)),
    restore: async (digest: string) => {
      const { address, call } = await maintenance.enter(name)
      return maintenance.registry.manifests.restore(call, address, parseDigest(digest))
    },
    deleted: async () => {
      const { address, call } = await maintenance.enter(name)
      return maintenance.registry.history.listDeleted(call, address, page)
    },
    tagEvents: async () => {
      const { address, call } = await maintenance.enter(name)
      return maintenance.registry.history.listTagEvents(call, address, undefined, page)
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

describe('a deleted image', () => {
  test('is listed with its tags and who deleted it, and comes back whole', async () => {
    await using site = await startMaintained()
    const pushed = image()
    await pushImage(site.oci, name, pushed, 'v1')
    await putManifest(site.oci, name, pushed, 'v2')
    await site.remove(pushed.digest)

    const [deleted] = await site.deleted()
    expect(deleted).toMatchObject({ digest: pushed.digest, deletedBy: 'arn:aws:iam::000000000000:root' })
    expect(deleted!.tags.toSorted()).toEqual(['v1', 'v2'])
    expect(deleted!.expiresAt - deleted!.deletedAt).toBe(defaultLimits.deletedKeepMs)
    expect(deleted).not.toHaveProperty('payload')

    const restored = await site.restore(pushed.digest)
    expect(restored.tags.toSorted()).toEqual(['v1', 'v2'])
    expect(await pullImage(site.oci, name, pushed, 'v1')).toEqual(asPulled(pushed))
    expect(await site.deleted()).toEqual([])
    expect(await site.world.check()).toEqual([])
  })

  test('gets back those of its tags that are not on another image by now', async () => {
    await using site = await startMaintained()
    const [old, next] = [image(), image()]
    await pushImage(site.oci, name, old, 'latest')
    await putManifest(site.oci, name, old, 'old')
    await site.remove(old.digest)
    await pushImage(site.oci, name, next, 'latest')

    expect((await site.restore(old.digest)).tags).toEqual(['old'])
    expect(await pullImage(site.oci, name, next, 'latest')).toEqual(asPulled(next))
  })

  test('that is an index comes back with its images, however deep', async () => {
    await using site = await startMaintained()
    const [left, right, kept] = [image(), image(), image()]
    const inner = index([left, right])
    const outer = index([inner, kept])
    await pushImage(site.oci, name, outer, 'latest')
    for (const { digest } of [outer, inner, left, right]) await site.remove(digest)

    const restored = await site.restore(outer.digest)
    expect(restored.children.toSorted()).toEqual([inner.digest, left.digest, right.digest].toSorted())
    expect(await pullImage(site.oci, name, outer, 'latest')).toEqual(asPulled(outer))
    expect(await site.world.check({ isDeep: true })).toEqual([])
  })

  test('that lacks something for good stays deleted', async () => {
    await using site = await startMaintained()
    const pushed = image()
    await pushImage(site.oci, name, pushed, 'v1')
    await site.remove(pushed.digest)
    expectStatus(202, await site.oci.delete(`/v2/${name}/blobs/${pushed.blobs[1]!.digest}`))

    await expect(site.restore(pushed.digest)).rejects.toMatchObject({
      code: 'ReferencedBlobsUnknown',
      facts: { digests: [pushed.blobs[1]!.digest] },
    })
    expect((await site.oci.get(`/v2/${name}/manifests/v1`)).status).toBe(404)
  })

  test('that never was is unknown', async () => {
    await using site = await startMaintained()
    await pushImage(site.oci, name, image(), 'v1')
    await expect(site.restore(image().digest)).rejects.toMatchObject({ code: 'ImageUnknown' })
  })
})

test('the history of tags has every move, the latest first, with who did it and how', async () => {
  await using site = await startMaintained()
  const [one, two] = [image(), image()]
  await pushImage(site.oci, name, one, 'latest')
  await pushImage(site.oci, name, two, 'latest')
  await site.remove(two.digest)
  await site.restore(two.digest)

  const principal = 'arn:aws:iam::000000000000:root'
  expect(await site.tagEvents()).toMatchObject([
    { tag: 'latest', digest: two.digest, previousDigest: undefined, principal, door: 'command' },
    { tag: 'latest', digest: undefined, previousDigest: two.digest, principal, door: 'registry' },
    { tag: 'latest', digest: two.digest, previousDigest: one.digest, principal, door: 'registry' },
    { tag: 'latest', digest: one.digest, previousDigest: undefined, principal, door: 'registry' },
  ])
})

describe('the collector, asked what it would do', () => {
  test('says so, with a reason, and does nothing', async () => {
    await using site = await startMaintained()
    const pushed = image()
    await pushImage(site.oci, name, pushed, 'v1')
    await site.remove(pushed.digest)

    expect(await site.maintenance.explain(Date.now(), 100)).toEqual([])
    const later = Date.now() + 2 * defaultLimits.deletedKeepMs
    const items = await site.maintenance.explain(later, 100)
    expect(items.map(({ review, verdict }) => [review.kind, verdict.kind]).toSorted()).toEqual([
      ['deleted', 'collect'],
      ['link', 'keep'],
      ['link', 'keep'],
    ])
    expect(await site.deleted()).toHaveLength(1)
    expect(await site.world.check()).toEqual([])
  })

  test('counts what waits', async () => {
    await using site = await startMaintained()
    await pushImage(site.oci, name, image(), 'v1')
    expect(await site.maintenance.view.reviews.summarize(Date.now())).toMatchObject([
      { kind: 'link', count: 2, dueCount: 0 },
    ])
  })
})
