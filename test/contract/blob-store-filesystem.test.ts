import { once } from 'node:events'
import { mkdir, readdir, readlink, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { BlobStoreUnavailable, KeyMissing } from '../../src/blobs/blob-store.ts'
import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { describeBlobStore } from './blob-store.contract.ts'
import { bodyOf, noise, silentAfter, textOf } from './blob-store-bodies.ts'

describeBlobStore({
  name: 'filesystem',
  open: async (resources) => {
    const { path } = resources.use(await temporaryDirectory('blobs'))
    resources.defer(async () => expect(await descriptorsIn(path), 'descriptors that outlived the store').toEqual([]))
    return FilesystemBlobStore.open(path)
  },
})

describe('filesystem: the folder', () => {
  test('opened again, shows everything that was acknowledged', async () => {
    await using folder = await temporaryDirectory('blobs')
    {
      await using store = await FilesystemBlobStore.open(folder.path)
      await store.append('sealed', 0, bodyOf('complete'))
      await store.seal('sealed', 8)
      await store.append('open', 0, bodyOf('so far'))
    }
    await using store = await FilesystemBlobStore.open(folder.path)
    expect(await textOf(await store.open('sealed'))).toBe('complete')
    await store.seal('sealed', 8)
    expect(await store.append('open', 6, bodyOf(', so good'))).toBe(15)
  })

  test('never shows a blob that is still being written', async () => {
    await using folder = await temporaryDirectory('blobs')
    await using writer = await FilesystemBlobStore.open(folder.path)
    await using reader = await FilesystemBlobStore.open(folder.path)
    const { body, silence, speak } = silentAfter(noise(3_000_000))
    const appended = writer.append('k', 0, body)
    await silence
    await expect(reader.open('k')).rejects.toThrow(KeyMissing)
    expect(await reader.size('k')).toBeUndefined()
    await speak('the end')
    await appended
    await expect(reader.open('k')).rejects.toThrow(KeyMissing)
  })

  test('is made with those above it where it is missing', async () => {
    await using folder = await temporaryDirectory('blobs')
    const root = join(folder.path, 'a', 'b')
    await using store = await FilesystemBlobStore.open(root)
    await store.append('abc', 0, bodyOf('x'))
    await store.append('xyz', 0, bodyOf('x'))
    await store.seal('xyz', 1)
    expect((await readdir(root, { recursive: true })).sort()).toEqual([
      'open',
      'open/abc',
      'sealed',
      'sealed/xy',
      'sealed/xy/xyz',
    ])
  })

  test('may hold files of others, which are no keys', async () => {
    await using folder = await temporaryDirectory('blobs')
    await using store = await FilesystemBlobStore.open(folder.path)
    await store.append('abc', 0, bodyOf('x'))
    await store.seal('abc', 1)
    await mkdir(join(folder.path, 'sealed', 'lost+found'))
    for (const stray of ['open/.DS_Store', 'sealed/.nfs01', 'sealed/ab/xyz', 'sealed/ab/abc.bak']) {
      await writeFile(join(folder.path, stray), 'x')
    }
    expect(await Array.fromAsync(store.keys())).toMatchObject([{ key: 'abc' }])
  })

  test('that is on a full disk makes the store unavailable, for as long as it is full', async () => {
    await using folder = await temporaryDirectory('blobs')
    await using store = await FilesystemBlobStore.open(folder.path)
    // Linux's device that is always full takes the place of the file.
    await symlink('/dev/full', join(folder.path, 'open', 'k'))
    const { body } = silentAfter(noise(1_100_000))
    for (const full of [bodyOf('small'), bodyOf(noise(5_000_000)), body]) {
      const refused = store.append('k', 0, full)
      await expect(refused).rejects.toThrow(BlobStoreUnavailable)
      await expect(refused).rejects.toMatchObject({ cause: { code: 'ENOSPC' } })
    }
    await store.delete('k')
    expect(await store.append('k', 0, bodyOf('small'))).toBe(5)
  })
})

describe('filesystem: descriptors', () => {
  test('of files are closed when a reader ends or is destroyed, those of directories with the store', async () => {
    await using folder = await temporaryDirectory('blobs')
    const store = await FilesystemBlobStore.open(folder.path)
    await store.append('abc', 0, bodyOf(noise(2_000_000)))
    await store.seal('abc', 2_000_000)
    const directories = await descriptorsIn(folder.path)
    expect(directories).toEqual(['.', './open', './sealed', './sealed/ab'])

    const readers = await Promise.all(Array.from({ length: 20 }, () => store.open('abc', { start: 5, end: 1_999_990 })))
    expect(await descriptorsIn(folder.path)).toHaveLength(directories.length + readers.length)
    const closed = readers.map((reader) => once(reader, 'close'))
    for (const [index, reader] of readers.entries()) {
      reader.resume()
      if (index % 2 === 0) reader.destroy()
    }
    await Promise.all(closed)
    expect(await descriptorsIn(folder.path)).toEqual(directories)

    await store[Symbol.asyncDispose]()
    expect(await descriptorsIn(folder.path)).toEqual([])
  })
})

/** What this process has open below `folder`, by path in it. */
async function descriptorsIn(folder: string): Promise<string[]> {
  const descriptors = await readdir('/proc/self/fd')
  // One of them was the listing itself.
  const targets = await Promise.all(descriptors.map((name) => readlink(`/proc/self/fd/${name}`).catch(() => '')))
  return targets
    .filter((target) => target === folder || target.startsWith(`${folder}/`))
    .map((target) => target.replace(folder, '.'))
    .sort()
}
