import { describe, expect, test } from 'vitest'
import { type BlobStore, BlobStoreUnavailable } from '../../src/blobs/blob-store.ts'
import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { type Fate, PowerCutDisk } from '../support/power-cut-disk.ts'
import { bodyOf, bytesOf, noise, textOf } from './blob-store-bodies.ts'

const root = '/data/blobs'

/** One after the other, each to be repeated from its start when it was interrupted. */
const steps: readonly ((store: BlobStore) => Promise<unknown>)[] = [
  (store) => store.append('abc', 0, bodyOf('hello, ')),
  (store) => store.append('abc', 7, bodyOf('World')),
  (store) => store.append('abc', 7, bodyOf('world and more')),
  (store) => store.append('xyz', 0, bodyOf('stray')),
  async (store) => expect(await textOf(await store.openUnsealed('abc', 12))).toBe('hello, world'),
  (store) => store.seal('abc', 12),
  async (store) => expect(await textOf(await store.open('abc'))).toBe('hello, world'),
  (store) => store.delete('xyz'),
  (store) => store.delete('abc'),
]

/** What a caller may rely on after the first `done` steps. `abc` is sealed by step 6, and deleted by the last. */
async function checkPromises(store: BlobStore, done: number): Promise<void> {
  const isDeletedAtMost = done >= steps.length - 1
  if (done >= 6 && !isDeletedAtMost) expect(await textOf(await store.open('abc'))).toBe('hello, world')
  if (done < 6) {
    const size = await store.size('abc')
    expect(done === 5 ? [undefined, 12] : [undefined]).toContain(size)
    if (size !== undefined) expect(await textOf(await store.open('abc'))).toBe('hello, world')
  }
  // Every later append starts at 7: beyond that, nothing is promised while one of them is under way.
  if (done >= 1 && !isDeletedAtMost) expect(await textOf(await store.openUnsealed('abc', 7))).toBe('hello, ')
  if (done === 3 || done === 4) expect(await textOf(await store.openUnsealed('abc', 21))).toBe('hello, world and more')
  const keys = new Set((await Array.fromAsync(store.keys())).map(({ key }) => key))
  if (done >= 8) expect(keys).not.toContain('xyz')
  if (done === steps.length) expect(keys).toEqual(new Set())
}

const coins = (seed: number) => () => {
  seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31
  return (['kept', 'lost', 'torn'] as const)[(seed >> 16) % 3]!
}

const fates: readonly (readonly [string, () => () => Fate])[] = [
  ['everything', () => () => 'kept'],
  ['nothing', () => () => 'lost'],
  ['only lengths', () => () => 'torn'],
  ...[1, 2, 3].map((seed) => [`a part (${seed})`, () => coins(seed)] as const),
]

interface Run {
  readonly disk: PowerCutDisk
  /** Steps that were acknowledged. */
  readonly done: number
  /** False when the end came before `stopAt`. */
  readonly isStopped: boolean
}

/** Takes the steps on a new disk, in a process that dies before the disk's call number `stopAt`. */
async function runUntil(stopAt: number): Promise<Run> {
  let isAlive = true
  const disk = new PowerCutDisk({
    before: (call) => {
      if (isAlive && call >= stopAt) throw new Error('dead')
    },
  })
  let done = 0
  try {
    const store = await FilesystemBlobStore.open(root, { disk })
    for (; done < steps.length; done++) await steps[done]?.(store)
  } catch (error) {
    if (disk.calls < stopAt) throw error
  }
  isAlive = false
  return { disk, done, isStopped: disk.calls >= stopAt }
}

describe.for(fates)('when %s of the unsynced survives', ([, fate]) => {
  test('a power cut at any call breaks no promise, and everything can be repeated', async () => {
    for (let stopAt = 1; ; stopAt++) {
      const { disk, done, isStopped } = await runUntil(stopAt)
      await using store = await FilesystemBlobStore.open(root, { disk: disk.afterPowerCut(fate()) })
      await checkPromises(store, done)
      for (const step of steps.slice(done)) await step(store)
      await checkPromises(store, steps.length)
      if (!isStopped) return
    }
  })

  test('a process that dies at any call leaves nothing that a repeated call takes for durable', async () => {
    for (let stopAt = 1; ; stopAt++) {
      const { disk, done, isStopped } = await runUntil(stopAt)
      if (!isStopped) return
      {
        await using store = await FilesystemBlobStore.open(root, { disk })
        await steps[done]?.(store)
      }
      await using store = await FilesystemBlobStore.open(root, { disk: disk.afterPowerCut(fate()) })
      await checkPromises(store, done + 1)
    }
  })
})

test.for(fates)(
  'a seal makes durable what an interrupted append left, when %s of the unsynced survives',
  async ([, fate]) => {
    const mebibyte = 1024 * 1024
    const disk = new PowerCutDisk()
    await using store = await FilesystemBlobStore.open(root, { disk })
    await store.append('abc', 0, bodyOf(noise(2 * mebibyte)))
    const overwritten = store.append('abc', mebibyte, bodyOf(noise(mebibyte, 2), new Error('gone')))
    await expect(overwritten).rejects.toThrow('gone')
    const held = await bytesOf(await store.openUnsealed('abc', 2 * mebibyte))
    await store.seal('abc', 2 * mebibyte)

    await using found = await FilesystemBlobStore.open(root, { disk: disk.afterPowerCut(fate()) })
    expect(held.equals(await bytesOf(await found.open('abc')))).toBe(true)
  },
)

test('a failure at any call is reported, leaks nothing, and is overcome by calling again', async () => {
  for (let failAt = 1; ; failAt++) {
    const failure = new BlobStoreUnavailable('injected')
    const disk = new PowerCutDisk({
      before: (call) => {
        if (call === failAt) throw failure
      },
    })
    const repeated = async <T>(call: () => Promise<T>): Promise<T> => {
      try {
        return await call()
      } catch (error) {
        expect(error).toBe(failure)
        return call()
      }
    }
    const store = await repeated(() => FilesystemBlobStore.open(root, { disk }))
    for (const [done, step] of steps.entries()) {
      await repeated(() => step(store))
      await repeated(() => checkPromises(store, done + 1))
    }
    await repeated(() => store[Symbol.asyncDispose]())
    expect(disk.descriptorsOpen, `descriptors left by a failure at call ${failAt}`).toBe(0)
    if (disk.calls < failAt) return
  }
})
