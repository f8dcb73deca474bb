import { isRefusal } from '../../src/errors.ts'
import { parseTag } from '../../src/oci/reference.ts'
import { artifact, type Content, content, image, index, layer, type Manifest, sha512 } from '../support/images.ts'
import type { Promises } from '../support/promises.ts'
import type { World } from '../support/registry-world.ts'
import {
  digestOf,
  expectBlob,
  expectGone,
  expectPulled,
  push,
  put,
  startUpload,
  type Upload,
  uploadShapes,
  uploads,
} from '../support/verbs.ts'

/** What one client does in a repository of its own, and what it holds the registry to from then on. */
export interface Scenario {
  /** What goes before, and does not fail. */
  readonly prepare?: (place: Place) => Promise<void>
  /** Taken from its start again after a failure, it comes to its end. */
  readonly run: (place: Place) => Promise<void>
}

export interface Place {
  readonly world: World
  readonly repository: string
  readonly promises: Promises
}

/** Every kind of change there is, under the words of a title. Each call makes contents of its own. */
export const scenarios: Readonly<Record<string, () => Scenario>> = {
  ...Object.fromEntries(uploadShapes.map((shape) => [`an upload through ${shape}`, () => uploading(uploads[shape])])),
  'an upload under a SHA-512': () => {
    const blob = layer()
    return uploading(uploads['the registry endpoint, streamed'], { ...blob, digest: sha512(blob.bytes) })
  },
  'an upload of nothing': () => uploading(uploads['the registry endpoint, streamed'], content('')),
  'an upload of what another repository has': () => {
    const blob = layer()
    const elsewhere = uploads['the API, in one part']
    const { run } = uploading(uploads['the registry endpoint, streamed'], blob)
    return { prepare: ({ world, repository }) => elsewhere(world, `${repository}/source`, blob), run }
  },
  'an upload that is given up': () => ({
    async run({ world, repository }) {
      const { id } = await startUpload(world, repository)
      await world.registry.uploads.abandon(world.call, { ...world.addressOf(repository), upload: id })
    },
  }),
  'a mount': () => {
    const blob = layer()
    return {
      async prepare({ world, repository }) {
        await uploads['the API, in one part'](world, `${repository}/source`, blob)
      },
      async run({ world, repository, promises }) {
        const mount = () =>
          world.registry.blobs.mount(
            world.call,
            world.addressOf(repository),
            { digest: digestOf(blob), from: world.addressOf(`${repository}/source`) },
            { createsRepository: true },
          )
        await promises.keep(blob.digest, mount, () => expectBlob(world, repository, blob))
      },
    }
  },
  'an image that is put under several tags': () => putting(image(), ['1', '1.0', 'latest']),
  'an index that is put': () => putting(index([image()]), ['1']),
  'an artifact that is put beside its subject': () => putting(artifact({ subject: image() })),
  'a tag that is moved': () => {
    const [before, after] = [image(), image()]
    return {
      async prepare(place) {
        await keepPushed(place, before, '1')
        await keepPushed(place, before)
        await keepPushed(place, after)
      },
      run: (place) => keepPut(place, after, '1'),
    }
  },
  'a tag that is deleted': () => deleting(['1', '2'], '1'),
  'a tag that is deleted, and its image with it': () => deleting(['1'], '1'),
  'an image that is deleted with its tags': () => deleting(['1', '2']),
  'an image that is brought back': () => {
    const pushed = image()
    return {
      async prepare({ world, repository }) {
        await push(world, repository, pushed, ['1'])
        await remove(world, repository, { digest: digestOf(pushed), tag: undefined })
      },
      async run({ world, repository, promises }) {
        const restore = () =>
          world.registry.manifests
            .restore(world.call, world.addressOf(repository), digestOf(pushed))
            .catch(unless('ImageUnknown'))
        await promises.keep('1', restore, () => expectPulled(world, repository, pushed, '1'))
      },
    }
  },
  'a blob that is deleted': () => {
    const blob = layer()
    return {
      prepare: ({ world, repository }) => uploads['the API, in one part'](world, repository, blob),
      async run({ world, repository }) {
        await world.registry.blobs
          .remove(world.call, world.addressOf(repository), digestOf(blob))
          .catch(unless('BlobUnknown'))
      },
    }
  },
  'a pull': () => {
    const pushed = index([image()])
    return {
      prepare: (place) => keepPushed(place, pushed, '1'),
      run: ({ world, repository }) => expectPulled(world, repository, pushed, '1'),
    }
  },
  'a look at a blob that is soon to be collected': () => {
    const blob = layer()
    return {
      async prepare({ world, repository }) {
        await uploads['the API, in one part'](world, repository, blob)
        world.time.now += world.limits.collectGraceMs - 1000
      },
      run: ({ world, repository }) => expectBlob(world, repository, blob),
    }
  },
  'the collection of garbage': () => {
    const [shared, kept, gone] = [layer(), image(), image()]
    const [keeps, goes] = [image({ layers: [shared, ...kept.blobs] }), image({ layers: [shared, ...gone.blobs] })]
    return {
      async prepare(place) {
        const { world, repository } = place
        await keepPushed(place, keeps, 'keeps')
        await push(world, repository, goes)
        await world.passTime(2 * world.limits.collectGraceMs)
        await remove(world, repository, { digest: digestOf(goes), tag: undefined })
        await startUpload(world, repository)
        world.time.now += 2 * world.limits.deletedKeepMs
      },
      async run({ world }) {
        for (let step = 0; step < 3; step++) await world.passTime(2 * world.limits.collectGraceMs)
      },
    }
  },
  'a repository that is deleted with all that it has': () => {
    const pushed = index([image()])
    return {
      async prepare({ world, repository }) {
        await push(world, repository, pushed, ['1'])
        await startUpload(world, repository)
      },
      async run({ world, repository, promises }) {
        const removal = () =>
          world.registry.repositories
            .delete(world.call, world.addressOf(repository), { isForced: true })
            .catch(unless('RepositoryUnknown'))
        await promises.keep('the removal', removal, () => expectGone(world, repository, '1'))
        await world.registry.sweep.passUntilDone()
      },
    }
  },
}

function uploading(upload: Upload, blob: Content = layer()): Scenario {
  return {
    async run({ world, repository, promises }) {
      const acknowledged = () => upload(world, repository, blob)
      await promises.keep(blob.digest, acknowledged, () => expectBlob(world, repository, blob))
    },
  }
}

/** All that the manifest needs is there already. */
function putting(manifest: Manifest, tags: readonly string[] = []): Scenario {
  return {
    async prepare({ world, repository }) {
      for (const child of manifest.children) await push(world, repository, child)
      for (const blob of manifest.blobs) await uploads['the API, in one part'](world, repository, blob)
    },
    run: (place) => keepPut(place, manifest, ...tags),
  }
}

/** Deletes an image by its digest, or the one tag that is given. */
function deleting(tags: readonly string[], tag?: string): Scenario {
  const pushed = image()
  const query = {
    digest: tag === undefined ? digestOf(pushed) : undefined,
    tag: tag === undefined ? tag : parseTag(tag),
  }
  return {
    prepare: ({ world, repository }) => push(world, repository, pushed, tags),
    async run({ world, repository, promises }) {
      const removal = () => remove(world, repository, query)
      await promises.keep('the removal', removal, () => expectGone(world, repository, tag ?? pushed.digest))
    },
  }
}

async function keepPushed(place: Place, manifest: Manifest, tag?: string): Promise<void> {
  const { world, repository, promises } = place
  const pushed = () => push(world, repository, manifest, tag === undefined ? [] : [tag])
  await promises.keep(tag ?? manifest.digest, pushed, () => expectPulled(world, repository, manifest, tag))
}

async function keepPut({ world, repository, promises }: Place, manifest: Manifest, ...tags: string[]): Promise<void> {
  await promises.keep(
    tags[0] ?? manifest.digest,
    () => put(world, repository, manifest, ...tags),
    async () => {
      await expectPulled(world, repository, manifest)
      for (const tag of tags) await expectPulled(world, repository, manifest, tag)
    },
  )
}

type ImageQuery = Parameters<World['registry']['manifests']['remove']>[2]

async function remove(world: World, repository: string, query: ImageQuery): Promise<void> {
  await world.registry.manifests.remove(world.call, world.addressOf(repository), query).catch(unless('ImageUnknown'))
}

/** What an earlier try has done is refused now, and that is no failure. */
function unless(code: 'ImageUnknown' | 'BlobUnknown' | 'RepositoryUnknown'): (error: unknown) => void {
  return (error) => {
    if (!isRefusal(error, code)) throw error
  }
}
