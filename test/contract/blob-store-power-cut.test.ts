import { expect, test } from 'vitest'
import { type BlobStore, BlobStoreUnavailable } from '../../src/blobs/blob-store.ts'
import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { type Fate, PowerCutDisk } from '../support/power-cut-disk.ts'
import { bodyOf, textOf } from './blob-store-bodies.ts'

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
  // Step 1 may have been interrupted after it had cut the key back to its start again; so step 2, to its offset.
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
  ...[1, 2, 3, 4, 5, 6, 7, 8].map((seed) => [`a part (${seed})`, () => coins(seed)] as const),
]

test.for(fates)('a power cut at any call breaks no promise when %s of the unsynced survives', async ([, fate]) => {
  for (let cutAt = 1; ; cutAt++) {
    const disk = new PowerCutDisk({
      before: (call) => {
        if (call >= cutAt) throw new Error('no power')
      },
    })
    let done = 0
    try {
      const store = await FilesystemBlobStore.open('/data/blobs', { disk })
      for (; done < steps.length; done++) await steps[done]?.(store)
    } catch (error) {
      // Not always a PowerCut: what was to be released couldn't be, and `using` says that too.
      if (disk.calls < cutAt) throw error
    }

    const revived = disk.afterPowerCut(fate())
    await using store = await FilesystemBlobStore.open('/data/blobs', { disk: revived })
    await checkPromises(store, done)
    for (const step of steps.slice(done)) await step(store)
    await checkPromises(store, steps.length)
    if (disk.calls < cutAt) return
  }
})

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
    const store = await repeated(() => FilesystemBlobStore.open('/data/blobs', { disk }))
    for (const [done, step] of steps.entries()) {
      await repeated(() => step(store))
      await repeated(() => checkPromises(store, done + 1))
    }
    await repeated(() => store[Symbol.asyncDispose]())
    expect(disk.descriptorsOpen, `descriptors left by a failure at call ${failAt}`).toBe(0)
    if (disk.calls < failAt) return
  }
})
