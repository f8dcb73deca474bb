import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { temporaryDirectory } from '../../test/support/temporary-directory.ts'
import { findSecretKey, loadSecretKey, SecretKeyInvalid } from './secret-key-file.ts'

test('a key is made once, for nobody else to read, and is the same ever after', async () => {
  await using folder = await temporaryDirectory('secret-key')
  const path = join(folder.path, 'data', 'secret.key')
  expect(await findSecretKey(path)).toBeUndefined()
  const key = await loadSecretKey(path)
  expect(key.length).toBe(32)
  expect((await stat(path)).mode & 0o777).toBe(0o600)
  expect(await loadSecretKey(path)).toEqual(key)
  expect(await findSecretKey(path)).toEqual(key)
  expect(await readdir(join(folder.path, 'data'))).toEqual(['secret.key'])
})

test('a key that is there is never replaced', async () => {
  await using folder = await temporaryDirectory('secret-key')
  const path = join(folder.path, 'secret.key')
  const text = `${Buffer.alloc(32, 9).toString('base64')}\n`
  await writeFile(path, text)
  expect(await loadSecretKey(path)).toEqual(Buffer.alloc(32, 9))
  expect(await readFile(path, 'utf8')).toBe(text)
})

test.for(['', 'not a key', Buffer.alloc(31).toString('base64'), Buffer.alloc(33).toString('base64')])(
  'a file that holds %j is refused, and left alone',
  async (content) => {
    await using folder = await temporaryDirectory('secret-key')
    const path = join(folder.path, 'secret.key')
    await writeFile(path, content)
    await expect(loadSecretKey(path)).rejects.toThrow(SecretKeyInvalid)
    await expect(findSecretKey(path)).rejects.toThrow(path)
    expect(await readFile(path, 'utf8')).toBe(content)
  },
)

test('what cannot be read is not taken for absent', async () => {
  await using folder = await temporaryDirectory('secret-key')
  const path = join(folder.path, 'secret.key')
  await mkdir(path)
  await expect(findSecretKey(path)).rejects.toThrow('EISDIR')
})
