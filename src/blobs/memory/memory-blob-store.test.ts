import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { KeyMissing } from '../blob-store.ts'
import { MemoryBlobStore } from './memory-blob-store.ts'

const bodyOf = (...chunks: string[]) => Readable.from(chunks.map((chunk) => Buffer.from(chunk)))

test('tells the time of the last change by the clock it was given', async () => {
  let now = 1_000
  const store = new MemoryBlobStore(() => now)
  await store.append('k', 0, bodyOf('abc'))
  now = 2_000
  await store.seal('k', 3)
  now = 3_000
  await store.seal('k', 3)
  expect(await Array.fromAsync(store.keys())).toEqual([{ key: 'k', isSealed: true, bytes: 3, modifiedAt: 2_000 }])
})

test('a reader keeps what it opened, whatever becomes of the key', async () => {
  const store = new MemoryBlobStore()
  await store.append('k', 0, bodyOf('first ', 'try'))
  const reader = await store.openUnsealed('k', 9)
  await store.append('k', 0, bodyOf('second'))
  await store.delete('k')
  expect(Buffer.concat(await Array.fromAsync<Buffer>(reader)).toString()).toBe('first try')
})

test('a sealed key is never begun anew', async () => {
  const store = new MemoryBlobStore()
  await store.append('k', 0, bodyOf('abc'))
  await store.seal('k', 3)
  await expect(store.append('k', 0, bodyOf('x'))).rejects.toThrow(KeyMissing)
  expect(await store.size('k')).toBe(3)
})
