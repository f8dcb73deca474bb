import { describe, expect, test } from 'vitest'

import { isRefusal } from '../../src/errors.ts'
import { parseTag } from '../../src/oci/reference.ts'
import { image, index, layer, type Manifest } from '../support/images.ts'
import { forEveryInterleaving, type InterleavingOptions } from '../support/interleavings.ts'
import { byForm } from '../support/long-form.ts'
import type { World } from '../support/registry-world.ts'
import { digestOf, expectGone, expectPulled, push, put, startUpload, uploads } from '../support/verbs.ts'
import { type SceneParts, sceneIn } from './scenes.ts'

const upload = uploads['the API, in one part']
const whole = uploads['the registry endpoint, whole with the PUT']

/** Reviews fall due in the order of their times, which are spread by up to a minute: this far apart, it is always the same. */
const muchMoreThanJitter = 10 * 60_000

/** An image of one blob: as few steps as there can be. */
function small(): Manifest {
  return image({ layers: [], config: layer(8) })
}

function remove(world: World, manifest: Manifest): Promise<unknown> {
  const query = { digest: digestOf(manifest), tag: undefined }
  return world.registry.manifests.remove(world.call, world.addressOf('app'), query)
}

function removeTag(world: World, tag: string): Promise<unknown> {
  return world.registry.manifests.remove(world.call, world.addressOf('app'), { digest: undefined, tag: parseTag(tag) })
}

/** As clients do: a blob that is said to be there is not sent. */
async function pushMissing(world: World, repository: string, manifest: Manifest, tag?: string): Promise<void> {
  for (const blob of manifest.blobs) {
    const isThere = await world.registry.blobs.get(world.call, world.addressOf(repository), digestOf(blob)).then(
      () => true,
      (error: unknown) => {
        if (isRefusal(error, 'BlobUnknown') || isRefusal(error, 'RepositoryUnknown')) return false
        throw error
      },
    )
    if (!isThere) await whole(world, repository, blob)
  }
  await put(world, repository, manifest, ...(tag === undefined ? [] : [tag]))
}

async function keepUntagged(world: World, untaggedKeepMs: number): Promise<void> {
  const { metadata } = world.stores
  const repository = await metadata.view.repositories.find(world.addressOf('app'))
  await metadata.write((tx) => tx.repositories.setSettings(repository!.id, { ...repository!, untaggedKeepMs }))
}

const scenes: Readonly<Record<string, (world: World) => Promise<SceneParts>>> = {
  'a push, and the collection of the blob that it pushes again': async (world) => {
    const pushed = small()
    for (const blob of pushed.blobs) await upload(world, 'app', blob)
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        push: () => push(world, 'app', pushed, ['1'], whole),
        collector: () => world.registry.collector.passUntilDone(),
      },
      expect: () => expectPulled(world, 'app', pushed, '1'),
    }
  },
  'a push to one repository, and the collection of the blob from another': async (world) => {
    const pushed = small()
    for (const blob of pushed.blobs) await upload(world, 'other', blob)
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        push: () => push(world, 'app', pushed, ['1'], whole),
        collector: () => world.registry.collector.passUntilDone(),
      },
      expect: () => expectPulled(world, 'app', pushed, '1'),
    }
  },
  'a push that first asks what is there, and the collection of just that': async (world) => {
    const pushed = small()
    for (const blob of pushed.blobs) await upload(world, 'app', blob)
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        push: () => pushMissing(world, 'app', pushed, '1'),
        collector: () => world.registry.collector.passUntilDone(),
      },
      expect: () => expectPulled(world, 'app', pushed, '1'),
    }
  },
  'a push by mount, and the collection of its source': async (world) => {
    const pushed = small()
    const [blob] = pushed.blobs
    await upload(world, 'other', blob!)
    world.time.now += 2 * world.limits.collectGraceMs
    const mount = () =>
      world.registry.blobs.mount(
        world.call,
        world.addressOf('app'),
        { digest: digestOf(blob!), from: world.addressOf('other') },
        { createsRepository: true },
      )
    return {
      actors: {
        push: async () => {
          if (!(await mount())) await whole(world, 'app', blob!)
          await put(world, 'app', pushed, '1')
        },
        collector: () => world.registry.collector.passUntilDone(),
      },
      expect: () => expectPulled(world, 'app', pushed, '1'),
    }
  },
  'a push, and the removal of the object that held its blob before': async (world) => {
    const pushed = small()
    for (const blob of pushed.blobs) await upload(world, 'app', blob)
    await world.passTime(2 * world.limits.collectGraceMs)
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        push: () => push(world, 'app', pushed, ['1'], whole),
        sweep: () => world.registry.sweep.passUntilDone(),
      },
      expect: () => expectPulled(world, 'app', pushed, '1'),
    }
  },
  'two pushes of one image': async (world) => {
    const pushed = small()
    return {
      actors: {
        one: () => push(world, 'app', pushed, ['1'], whole),
        other: () => pushMissing(world, 'app', pushed, '2'),
      },
      expect: async () => {
        await expectPulled(world, 'app', pushed, '1')
        await expectPulled(world, 'app', pushed, '2')
      },
    }
  },
  'the deletion of an image, and its push': async (world) => {
    const pushed = small()
    await push(world, 'app', pushed, ['1'])
    return {
      actors: {
        push: () => pushMissing(world, 'app', pushed, '1'),
        deletion: () => remove(world, pushed),
      },
    }
  },
  'the deletion of an image, and a move of its tag': async (world) => {
    const [before, after] = [small(), small()]
    await push(world, 'app', before, ['1'])
    for (const blob of after.blobs) await upload(world, 'app', blob)
    return {
      actors: { put: () => put(world, 'app', after, '1'), deletion: () => remove(world, before) },
      expect: async () => {
        await expectPulled(world, 'app', after, '1')
        await expectGone(world, 'app', before.digest)
      },
    }
  },
  'the put of an index, and the deletion of its child': async (world) => {
    const child = small()
    const parent = index([child])
    await push(world, 'app', child)
    return {
      actors: { put: () => put(world, 'app', parent, '1'), deletion: () => remove(world, child) },
      refusals: ['ReferencedImagesUnknown', 'ImageReferenced'],
      expect: async (isFulfilled) => {
        expect(isFulfilled('put')).toBe(!isFulfilled('deletion'))
        if (isFulfilled('put')) await expectPulled(world, 'app', parent, '1')
        else await expectGone(world, 'app', child.digest)
      },
    }
  },
  'the put of an index, and the collection of its untagged child': async (world) => {
    const child = small()
    const parent = index([child])
    await world.registry.repositories.create(world.call, world.addressOf('app').name)
    await keepUntagged(world, 0)
    await push(world, 'app', child)
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        put: () => put(world, 'app', parent, '1'),
        collector: () => world.registry.collector.passUntilDone(),
      },
      refusals: ['ReferencedImagesUnknown'],
      expect: async (isFulfilled) => {
        if (isFulfilled('put')) await expectPulled(world, 'app', parent, '1')
      },
    }
  },
  'the move of a tag to an untagged image, and the collection of that': async (world) => {
    const [before, after] = [small(), small()]
    await push(world, 'app', before, ['1'])
    await keepUntagged(world, 0)
    world.time.now += muchMoreThanJitter
    for (const blob of after.blobs) await upload(world, 'app', blob)
    world.time.now += muchMoreThanJitter
    await put(world, 'app', after)
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        push: () => pushMissing(world, 'app', after, '1'),
        collector: () => world.registry.collector.passUntilDone(),
      },
      expect: () => expectPulled(world, 'app', after, '1'),
    }
  },
  'the restoration of an image, and the end of its time': async (world) => {
    const pushed = small()
    await push(world, 'app', pushed, ['1'])
    await remove(world, pushed)
    world.time.now += 2 * world.limits.deletedKeepMs
    return {
      actors: {
        restoration: () => world.registry.manifests.restore(world.call, world.addressOf('app'), digestOf(pushed)),
        collector: () => world.registry.collector.passUntilDone(),
      },
      refusals: ['ImageUnknown'],
      expect: async (isFulfilled) => {
        if (isFulfilled('restoration')) await expectPulled(world, 'app', pushed, '1')
        else await expectGone(world, 'app', pushed.digest)
      },
    }
  },
  'the restoration of an image, and the deletion of its blob': async (world) => {
    const pushed = small()
    await push(world, 'app', pushed, ['1'])
    await remove(world, pushed)
    return {
      actors: {
        restoration: () => world.registry.manifests.restore(world.call, world.addressOf('app'), digestOf(pushed)),
        deletion: () => world.registry.blobs.remove(world.call, world.addressOf('app'), digestOf(pushed.blobs[0]!)),
      },
      refusals: ['BlobReferenced', 'ReferencedBlobsUnknown', 'ImageUnknown'],
      expect: async (isFulfilled) => {
        if (isFulfilled('restoration')) await expectPulled(world, 'app', pushed, '1')
      },
    }
  },
  'the restoration of an index, and the deletion of its child': async (world) => {
    const child = small()
    const parent = index([child])
    await push(world, 'app', parent, ['1'])
    await remove(world, parent)
    return {
      actors: {
        restoration: () => world.registry.manifests.restore(world.call, world.addressOf('app'), digestOf(parent)),
        deletion: () => remove(world, child),
      },
      refusals: ['ImageReferenced', 'ReferencedImagesUnknown'],
      expect: async (isFulfilled) => {
        if (isFulfilled('restoration')) await expectPulled(world, 'app', parent, '1')
      },
    }
  },
  'a push to a repository, and its deletion': async (world) => {
    const pushed = small()
    await startUpload(world, 'app')
    return {
      actors: {
        push: () => push(world, 'app', pushed, ['1'], whole),
        deletion: async () => {
          await world.registry.repositories.delete(world.call, world.addressOf('app'), { isForced: true })
          await world.registry.sweep.passUntilDone()
        },
      },
      refusals: ['RepositoryUnknown', 'UploadUnknown', 'ClientGone', 'ReferencedBlobsUnknown'],
    }
  },
  'the deletion of a repository, and the collection of a blob of it': async (world) => {
    const pushed = small()
    await push(world, 'app', pushed, ['1'])
    world.time.now += muchMoreThanJitter
    await upload(world, 'other', pushed.blobs[0]!)
    await world.registry.repositories.delete(world.call, world.addressOf('app'), { isForced: true })
    world.time.now += 2 * world.limits.collectGraceMs
    return {
      actors: {
        collector: () => world.registry.collector.passUntilDone(),
        sweep: () => world.registry.sweep.passUntilDone(),
      },
    }
  },
  'the end of an upload, and the removal of idle ones': async (world) => {
    const blob = layer(8)
    const { id } = await startUpload(world, 'app')
    world.time.now += 2 * world.limits.uploadIdleMsMax
    const address = { ...world.addressOf('app'), upload: id }
    return {
      actors: {
        completion: () =>
          world.registry.uploads.complete(world.call, address, {
            digests: [blob.digest],
            rest: { body: ReadableStream.from([blob.bytes]) },
          }),
        sweep: () => world.registry.sweep.passUntilDone(),
      },
      refusals: ['UploadUnknown', 'ClientGone'],
    }
  },
  'two ends of one upload': async (world) => {
    const blob = layer(8)
    const { id } = await startUpload(world, 'app')
    const address = { ...world.addressOf('app'), upload: id }
    const complete = () =>
      world.registry.uploads.complete(world.call, address, {
        digests: [blob.digest],
        rest: { body: ReadableStream.from([blob.bytes]) },
      })
    return {
      actors: { one: complete, other: complete },
      refusals: ['UploadUnknown', 'ClientGone'],
      expect: async (isFulfilled) => expect(isFulfilled('one') || isFulfilled('other')).toBe(true),
    }
  },
}

const options: InterleavingOptions = byForm({ short: { preemptionsMax: Number(process.env.PM ?? 1) }, long: {} })

describe('in whatever order they take their steps, nothing is lost or wasted by', () => {
  test.for(Object.entries(scenes))(
    '%s',
    async ([what, set]) => {
      const t = performance.now()
      const n = await forEveryInterleaving((around) => sceneIn(around, set), options)
      console.log(what, n, performance.now() - t)
    },
    byForm({ short: 5_000, long: 600_000 }),
  )
})
