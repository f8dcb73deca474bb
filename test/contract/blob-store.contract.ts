import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type BlobStore, KeyMissing, OffsetGap, type StoredKey } from '../../src/blobs/blob-store.ts'
import { InvariantViolation } from '../../src/lib/invariant.ts'
import { bodyOf, bytesOf, cut, noise, silentAfter, textOf } from './blob-store-bodies.ts'
import { blobStoreCalls, checkAgainstModel } from './blob-store-model.ts'

export interface BlobStoreUnderTest {
  readonly name: string
  /** A new, empty store. What is put on the stack is released after the store, the last first. */
  readonly open: (resources: AsyncDisposableStack) => Promise<BlobStore>
  /** Titles of tests that this driver cannot pass, each with the reason. */
  readonly excused?: Readonly<Record<string, string>>
}

/** Every sentence of the port's comments, as tests that each driver runs. */
export function describeBlobStore(driver: BlobStoreUnderTest): void {
  const check = (title: string, run: (store: BlobStore) => Promise<void>) =>
    test(title, async ({ skip }) => {
      const excuse = driver.excused?.[title]
      if (excuse !== undefined) skip(excuse)
      await using resources = new AsyncDisposableStack()
      const store = resources.use(await driver.open(resources))
      await run(store)
    })

  describe(`${driver.name}: append`, () => {
    check('returns the new size', async (store) => {
      expect(await store.append('k', 0, bodyOf('hello, '))).toBe(7)
      expect(await store.append('k', 7, bodyOf('wor', 'ld'))).toBe(12)
      expect(await sealedText(store, 'k', 12)).toBe('hello, world')
    })

    check('at an earlier offset discards what is there', async (store) => {
      await store.append('k', 0, bodyOf('hello, world'))
      expect(await store.append('k', 5, bodyOf('!'))).toBe(6)
      expect(await sealedText(store, 'k', 6)).toBe('hello!')
    })

    check('at offset 0 starts the key over', async (store) => {
      await store.append('k', 0, bodyOf('a long first try'))
      expect(await store.append('k', 0, bodyOf('second'))).toBe(6)
      await expect(store.seal('k', 7)).rejects.toThrow(OffsetGap)
      expect(await sealedText(store, 'k', 6)).toBe('second')
    })

    check('past the end is refused and changes nothing', async (store) => {
      await store.append('k', 0, bodyOf('four'))
      await expect(store.append('k', 5, bodyOf('x'))).rejects.toThrow(OffsetGap)
      expect(await store.append('k', 4, bodyOf('!'))).toBe(5)
      expect(await sealedText(store, 'k', 5)).toBe('four!')
    })

    check('at an offset of a key that was never begun is refused', async (store) => {
      await expect(store.append('k', 1, bodyOf('x'))).rejects.toThrow(KeyMissing)
      expect(await keysOf(store)).toEqual([])
    })

    check('at an offset of a sealed key is refused', async (store) => {
      await store.append('k', 0, bodyOf('done'))
      await store.seal('k', 4)
      await expect(store.append('k', 4, bodyOf('x'))).rejects.toThrow(KeyMissing)
      expect(await textOf(await store.open('k'))).toBe('done')
    })

    check('of nothing creates an empty key, and leaves a longer one as it is', async (store) => {
      expect(await store.append('k', 0, bodyOf())).toBe(0)
      expect(await keysOf(store)).toMatchObject([{ key: 'k', bytes: 0 }])
      await store.append('k', 0, bodyOf('abc'))
      expect(await store.append('k', 3, bodyOf('', ''))).toBe(3)
      expect(await sealedText(store, 'k', 3)).toBe('abc')
    })

    check('keeps a large body in odd pieces, byte for byte', async (store) => {
      const content = noise(8 * 1024 * 1024 + 13)
      expect(await store.append('k', 0, cut(content, [1, 65_536, 7, 1_048_577, 0, 300_001, 4_095]))).toBe(
        content.length,
      )
      await store.seal('k', content.length)
      expect(content.equals(await bytesOf(await store.open('k')))).toBe(true)
    })

    check('keeps a body of very many very small pieces', async (store) => {
      const content = noise(5_000)
      await store.append('k', 0, cut(content, [1, 2]))
      await store.seal('k', content.length)
      expect(content.equals(await bytesOf(await store.open('k')))).toBe(true)
    })

    check('gives the chunks back to the caller once it settles', async (store) => {
      const chunk = Buffer.from('original')
      await store.append('k', 0, bodyOf(chunk))
      chunk.fill('x')
      expect(await sealedText(store, 'k', 8)).toBe('original')
    })

    check('refuses what is not a key', async (store) => {
      for (const key of ['', '.', '..', 'a/b', 'a\\b', 'A', 'a_b', 'a.b', 'a\n', 'é', 'a\0', 'k'.repeat(65)]) {
        await expect(store.append(key, 0, bodyOf('x')), JSON.stringify(key)).rejects.toThrow(InvariantViolation)
      }
      expect(await keysOf(store)).toEqual([])
      expect(await store.append('-0az'.repeat(16), 0, bodyOf('x'))).toBe(1)
    })
  })

  describe(`${driver.name}: an interrupted append`, () => {
    check('rejects with the very thing the body threw, and leaves the key usable', async (store) => {
      const reason = new Error('the client went away')
      await store.append('k', 0, bodyOf('kept'))
      await expect(store.append('k', 4, bodyOf(noise(2_000_000), reason))).rejects.toBe(reason)

      const [held] = await keysOf(store)
      expect(held?.bytes).toBeGreaterThanOrEqual(4)
      expect(held?.bytes).toBeLessThanOrEqual(2_000_004)
      expect(await store.append('k', 4, bodyOf('!'))).toBe(5)
      expect(await sealedText(store, 'k', 5)).toBe('kept!')
    })

    check('rejects with the signal’s own reason at once, though the body is silent', async (store) => {
      const reason = new Error('shutting down')
      const { body, silence } = silentAfter(noise(2_000_000))
      const controller = new AbortController()
      const appended = store.append('k', 0, body, controller.signal)
      await silence
      controller.abort(reason)
      await expect(appended).rejects.toBe(reason)
      expect(await store.append('k', 0, bodyOf('again'))).toBe(5)
      expect(await sealedText(store, 'k', 5)).toBe('again')
    })

    check('takes nothing more from its body', async (store) => {
      const controller = new AbortController()
      const { body, silence, speak } = silentAfter('one')
      const appended = store.append('k', 0, body, controller.signal)
      await silence
      controller.abort()
      await expect(appended).rejects.toBe(controller.signal.reason)
      await store.append('k', 0, bodyOf('new'))
      const isClosed = speak('a late chunk, much longer than what took its place')
      expect(await isClosed).toBe(true)
      expect(await sealedText(store, 'k', 3)).toBe('new')
    })

    check('never starts when the signal was aborted before', async (store) => {
      const reason = new Error('too late')
      await store.append('k', 0, bodyOf('kept'))
      await expect(store.append('k', 0, bodyOf('x'), AbortSignal.abort(reason))).rejects.toBe(reason)
      expect(await sealedText(store, 'k', 4)).toBe('kept')
    })
  })

  describe(`${driver.name}: seal`, () => {
    check('makes readable what was not', async (store) => {
      await store.append('k', 0, bodyOf('content'))
      await expect(store.open('k')).rejects.toThrow(KeyMissing)
      expect(await store.size('k')).toBeUndefined()
      await store.seal('k', 7)
      expect(await textOf(await store.open('k'))).toBe('content')
      expect(await store.size('k')).toBe(7)
    })

    check('again with the same size is success', async (store) => {
      await store.append('k', 0, bodyOf('content'))
      await store.seal('k', 7)
      await store.seal('k', 7)
      expect(await textOf(await store.open('k'))).toBe('content')
    })

    check('twice at the same moment is success', async (store) => {
      await store.append('k', 0, bodyOf('content'))
      await Promise.all([store.seal('k', 7), store.seal('k', 7)])
      expect(await textOf(await store.open('k'))).toBe('content')
    })

    check('again with another size is refused', async (store) => {
      await store.append('k', 0, bodyOf('content'))
      await store.seal('k', 7)
      await expect(store.seal('k', 8)).rejects.toThrow(OffsetGap)
      await expect(store.seal('k', 6)).rejects.toThrow(InvariantViolation)
      expect(await textOf(await store.open('k'))).toBe('content')
    })

    check('with fewer bytes than were written discards the rest', async (store) => {
      await store.append('k', 0, bodyOf('content and more'))
      expect(await sealedText(store, 'k', 7)).toBe('content')
      expect(await store.size('k')).toBe(7)
    })

    check('beyond what was written is refused and leaves the key open', async (store) => {
      await store.append('k', 0, bodyOf('content'))
      await expect(store.seal('k', 8)).rejects.toThrow(OffsetGap)
      expect(await store.size('k')).toBeUndefined()
      expect(await store.append('k', 7, bodyOf('!'))).toBe(8)
      expect(await sealedText(store, 'k', 8)).toBe('content!')
    })

    check('of an unknown key is refused', async (store) => {
      await expect(store.seal('k', 0)).rejects.toThrow(KeyMissing)
    })

    check('works for an empty blob', async (store) => {
      await store.append('k', 0, bodyOf())
      expect(await sealedText(store, 'k', 0)).toBe('')
      expect(await store.size('k')).toBe(0)
    })
  })

  describe(`${driver.name}: openUnsealed`, () => {
    check('reads what an open key holds, which can then be continued', async (store) => {
      await store.append('k', 0, bodyOf('so far, so good'))
      expect(await textOf(await store.openUnsealed('k', 6))).toBe('so far')
      expect(await textOf(await store.openUnsealed('k', 15))).toBe('so far, so good')
      expect(await store.append('k', 15, bodyOf('!'))).toBe(16)
      expect(await sealedText(store, 'k', 16)).toBe('so far, so good!')
    })

    check('also reads a key that was sealed meanwhile', async (store) => {
      await store.append('k', 0, bodyOf('complete'))
      await store.seal('k', 8)
      expect(await textOf(await store.openUnsealed('k', 8))).toBe('complete')
    })

    check('refuses an unknown key, and more than the key holds', async (store) => {
      await expect(store.openUnsealed('k', 0)).rejects.toThrow(KeyMissing)
      await store.append('k', 0, bodyOf('four'))
      await expect(store.openUnsealed('k', 5)).rejects.toThrow(OffsetGap)
    })
  })

  describe(`${driver.name}: open`, () => {
    check('of an unknown key is refused before there is a stream', async (store) => {
      await expect(store.open('k')).rejects.toThrow(KeyMissing)
      await expect(store.open('k', { start: 0, end: 0 })).rejects.toThrow(KeyMissing)
      expect(await store.size('k')).toBeUndefined()
    })

    check('gives the part in a range, as slice would', async (store) => {
      const content = noise(700_001)
      await store.append('k', 0, cut(content, [300_000, 1, 50_000]))
      await store.seal('k', content.length)
      const position = fc.oneof(fc.nat(content.length - 1), fc.constantFrom(0, 524_287, 524_288, content.length - 1))
      await fc.assert(
        fc.asyncProperty(position, position, async (one, other) => {
          const [start, end] = [Math.min(one, other), Math.max(one, other)]
          const part = await bytesOf(await store.open('k', { start, end }))
          expect(part.equals(content.subarray(start, end + 1))).toBe(true)
        }),
        { numRuns: 50 },
      )
    })

    check('serves several readers at once', async (store) => {
      const content = noise(2_000_000)
      await store.append('k', 0, bodyOf(content))
      await store.seal('k', content.length)
      const readers = await Promise.all(Array.from({ length: 8 }, () => store.open('k')))
      for (const bytes of await Promise.all(readers.map(bytesOf))) expect(bytes.equals(content)).toBe(true)
    })

    check('gives a stream that may be destroyed before, during and after its reading', async (store) => {
      const content = noise(3_000_000)
      await store.append('k', 0, bodyOf(content))
      await store.seal('k', content.length)
      const closed: Promise<unknown>[] = []
      for (const moment of ['unread', 'reading', 'half read', 'read'] as const) {
        const reader = await store.open('k')
        closed.push(new Promise((resolve) => reader.once('close', resolve)))
        if (moment === 'reading') reader.resume()
        if (moment === 'half read') for await (const _ of reader) break
        if (moment === 'read') await bytesOf(reader)
        reader.destroy()
      }
      await Promise.all(closed)
      expect(content.equals(await bytesOf(await store.open('k')))).toBe(true)
    })
  })

  describe(`${driver.name}: delete`, () => {
    check('removes an open key and a sealed one, and may be repeated', async (store) => {
      await store.append('open', 0, bodyOf('x'))
      await store.append('sealed', 0, bodyOf('y'))
      await store.seal('sealed', 1)
      for (const key of ['open', 'sealed', 'open', 'sealed', 'never-there']) await store.delete(key)

      expect(await keysOf(store)).toEqual([])
      expect(await store.size('sealed')).toBeUndefined()
      await expect(store.open('sealed')).rejects.toThrow(KeyMissing)
      await expect(store.append('open', 1, bodyOf('x'))).rejects.toThrow(KeyMissing)
    })

    check('leaves other keys alone', async (store) => {
      await store.append('abc', 0, bodyOf('stays'))
      await store.append('abd', 0, bodyOf('goes'))
      await store.delete('abd')
      expect(await sealedText(store, 'abc', 5)).toBe('stays')
    })
  })

  describe(`${driver.name}: keys`, () => {
    check('lists nothing in a new store', async (store) => {
      expect(await keysOf(store)).toEqual([])
    })

    check('lists open and sealed keys with their sizes and times', async (store) => {
      const before = Date.now()
      await store.append('open', 0, bodyOf('12345'))
      await store.append('s', 0, bodyOf('123'))
      await store.seal('s', 3)
      const keys = await keysOf(store)
      expect(keys).toMatchObject([
        { key: 'open', isSealed: false, bytes: 5 },
        { key: 's', isSealed: true, bytes: 3 },
      ])
      for (const { modifiedAt } of keys) {
        expect(Number.isInteger(modifiedAt)).toBe(true)
        expect(Math.abs(modifiedAt - before)).toBeLessThan(60_000)
      }
    })

    check('lists each of many keys once', async (store) => {
      const names = Array.from({ length: 150 }, (_, index) => `k-${String(index).padStart(3, '0')}`)
      await Promise.all(names.map((name) => store.append(name, 0, bodyOf(name))))
      await Promise.all(names.filter((_, index) => index % 2 === 0).map((name) => store.seal(name, 5)))
      const keys = await keysOf(store)
      expect(keys.map(({ key }) => key)).toEqual(names)
      expect(keys.map(({ isSealed }) => isSealed)).toEqual(names.map((_, index) => index % 2 === 0))
    })
  })

  describe(`${driver.name}: altogether`, () => {
    check('many keys at once do not meet', async (store) => {
      const contents = Array.from({ length: 40 }, (_, index) => noise(index * 1_013, index))
      await Promise.all(
        contents.map(async (content, index) => {
          const key = `${index % 7}-${index}`
          const middle = content.length >> 1
          await store.append(key, 0, cut(content.subarray(0, middle), [1_000]))
          await store.append(key, middle, cut(content.subarray(middle), [999]))
          await store.seal(key, content.length)
          expect(content.equals(await bytesOf(await store.open(key)))).toBe(true)
          if (index % 2 === 0) await store.delete(key)
        }),
      )
      expect(await keysOf(store)).toHaveLength(20)
    })

    test('any calls in any order give what a simple model gives', async () => {
      await fc.assert(
        fc.asyncProperty(blobStoreCalls, async (calls) => {
          await using resources = new AsyncDisposableStack()
          await checkAgainstModel(resources.use(await driver.open(resources)), calls)
        }),
        { numRuns: 25 },
      )
    })
  })
}

async function sealedText(store: BlobStore, key: string, size: number): Promise<string> {
  await store.seal(key, size)
  return textOf(await store.open(key))
}

async function keysOf(store: BlobStore): Promise<StoredKey[]> {
  const keys = await Array.fromAsync(store.keys())
  return keys.sort((one, other) => (one.key < other.key ? -1 : 1))
}
