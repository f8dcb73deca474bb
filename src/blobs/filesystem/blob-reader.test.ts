import { once } from 'node:events'
import { describe, expect, test } from 'vitest'
import { BlobStoreUnavailable } from '../blob-store.ts'
import { BlobReader } from './blob-reader.ts'
import { type Disk, nodeDisk } from './disk.ts'

interface Watched {
  readonly disk: Disk
  readonly calls: string[]
}

/** A disk with one file, `bytes` long, that notes what is asked of it. */
function watched(bytes: number, before: () => Promise<void> = async () => {}): Watched {
  const calls: string[] = []
  const disk: Disk = {
    ...nodeDisk,
    read: async (_descriptor, into, position) => {
      calls.push(`read ${into.byteLength} at ${position}`)
      await before()
      calls.push('done')
      return Math.max(0, Math.min(into.byteLength, bytes - position))
    },
    close: async () => void calls.push('close'),
  }
  return { disk, calls }
}

test('a small blob is one read', async () => {
  const { disk, calls } = watched(3000)
  const chunks = await Array.fromAsync(new BlobReader(disk, 3, 0, 3000))
  expect(chunks.map(({ length }) => length)).toEqual([3000])
  expect(calls).toEqual(['read 3000 at 0', 'done', 'close'])
})

test('a large blob is a few large reads', async () => {
  const { disk, calls } = watched(2_000_000)
  const chunks = await Array.fromAsync(new BlobReader(disk, 3, 100, 1_200_000))
  expect(chunks.reduce((sum, { length }) => sum + length, 0)).toBe(1_200_000)
  expect(calls.filter((call) => call.startsWith('read'))).toEqual([
    'read 524288 at 100',
    'read 524288 at 524388',
    'read 151424 at 1048676',
  ])
})

test('reads that give less than was asked for are continued where they stopped', async () => {
  const content = Buffer.from('abcdefghijklmnopqrstuvwxyz')
  const read: Disk['read'] = async (_descriptor, into, position) => content.copy(into, 0, position, position + 7)
  const chunks = await Array.fromAsync<Buffer>(new BlobReader({ ...watched(0).disk, read }, 3, 2, 20))
  expect(Buffer.concat(chunks).toString()).toBe('cdefghijklmnopqrstuv')
})

test('an empty blob is no read at all', async () => {
  const { disk, calls } = watched(0)
  expect(await Array.fromAsync(new BlobReader(disk, 3, 0, 0))).toEqual([])
  expect(calls).toEqual(['close'])
})

describe('the descriptor', () => {
  test('of a stream that is destroyed is closed after the read in flight', async () => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const { disk, calls } = watched(3000, () => promise)
    const reader = new BlobReader(disk, 3, 0, 3000)
    reader.resume()
    await new Promise(setImmediate)
    reader.destroy()
    await new Promise(setImmediate)
    expect(calls).toEqual(['read 3000 at 0'])
    resolve()
    await once(reader, 'close')
    expect(calls).toEqual(['read 3000 at 0', 'done', 'close'])
  })

  test('of a stream that fails is closed, and the failure is passed on', async () => {
    const failure = new BlobStoreUnavailable('unreadable')
    const { disk, calls } = watched(3000, () => Promise.reject(failure))
    await expect(Array.fromAsync(new BlobReader(disk, 3, 0, 3000))).rejects.toBe(failure)
    expect(calls).toEqual(['read 3000 at 0', 'close'])
  })

  test('of a file that is shorter than promised is closed, and the stream never seems complete', async () => {
    const { disk, calls } = watched(1000)
    const reader = new BlobReader(disk, 3, 0, 3000)
    await expect(Array.fromAsync(reader)).rejects.toThrow('ends at 1000, before 3000')
    expect(reader.readableEnded).toBe(false)
    expect(calls.at(-1)).toBe('close')
  })
})
