import { randomBytes } from 'node:crypto'
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

import { test as base, describe, expect } from 'vitest'

import { temporaryDirectory } from '../test/support/temporary-directory.ts'
import { createApp } from './assemble.ts'
import { SecretUnreadable } from './auth/secret-box.ts'
import { SqliteConnection } from './metadata/sqlite/connection.ts'
import { SchemaTooNew, SchemaTooOld } from './metadata/sqlite/migrate.ts'
import { DataMissing, openIdentities } from './stores.ts'

/** A data folder that a server has started on, and left. */
// biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
const test = base.extend('folder', async ({}, { onCleanup }) => {
  const folder = await temporaryDirectory('stores')
  onCleanup(() => folder[Symbol.asyncDispose]())
  await using _app = await createApp({ storage: { kind: 'filesystem', folder: folder.path } })
  return folder.path
})

const open = (folder: string, secretKey?: Uint8Array) =>
  openIdentities({ storage: { kind: 'filesystem', folder }, secretKey })

describe('identities are opened', () => {
  test('of data that no server runs on', async ({ folder }) => {
    await using opened = await open(folder)
    expect(await opened.identities.accounts.list()).toMatchObject([{ id: '000000000000', aliases: ['library'] }])
  })

  test('beside a server, and what one changes the other sees', async ({ folder }) => {
    await using app = await createApp({ storage: { kind: 'filesystem', folder } })
    await using opened = await open(folder)
    await opened.identities.users.create(undefined, 'alice')
    expect(await app.identities.users.get(undefined, 'alice')).toMatchObject({ name: 'alice' })
    await app.identities.users.delete(undefined, 'alice')
    await expect(opened.identities.users.get(undefined, 'alice')).rejects.toMatchObject({ code: 'UserUnknown' })
  })

  test('by several at once, with a server or without', async ({ folder }) => {
    const createUser = async (name: string) => {
      await using opened = await open(folder)
      await opened.identities.users.create(undefined, name)
    }
    const names = Array.from({ length: 20 }, (_, index) => `user-${10 + index}`)
    await Promise.all(names.map(createUser))
    await using opened = await open(folder)
    expect((await opened.identities.users.list(undefined)).map(({ name }) => name)).toEqual(['admin', ...names])
  })

  test('with the secret key that the server was given', async () => {
    await using directory = await temporaryDirectory('stores')
    const secretKey = randomBytes(32)
    {
      await using _app = await createApp({ storage: { kind: 'filesystem', folder: directory.path }, secretKey })
    }
    await using _opened = await open(directory.path, secretKey)
    await expect(open(directory.path)).rejects.toThrow('has no secret.key')
    await expect(open(directory.path, randomBytes(32))).rejects.toThrow(SecretUnreadable)
  })
})

describe('identities are not opened, and nothing is made,', () => {
  test('where there is no folder, or an empty one', async () => {
    await using directory = await temporaryDirectory('stores')
    await expect(open(join(directory.path, 'absent'))).rejects.toThrow('there is no Waybill data in')
    await expect(open(directory.path)).rejects.toThrow(DataMissing)
    expect(await readdir(directory.path)).toEqual([])
  })

  test('in memory', async () => {
    await expect(openIdentities({ storage: { kind: 'memory' }, secretKey: undefined })).rejects.toThrow(DataMissing)
  })

  test('without the secret key', async ({ folder }) => {
    await rm(join(folder, 'secret.key'))
    await expect(open(folder)).rejects.toThrow(DataMissing)
    expect(await readdir(folder)).not.toContain('secret.key')
  })

  test('with another secret key', async ({ folder }) => {
    await expect(open(folder, randomBytes(32))).rejects.toThrow('it was sealed with another secret key')
  })

  test.for([
    ['an older schema, which is a server’s to bring forward', -1, SchemaTooOld],
    ['a newer schema', 1, SchemaTooNew],
  ] as const)('in %s', async ([, step, error], { folder }) => {
    using connection = new SqliteConnection(join(folder, 'waybill.db'))
    const version = Number(connection.pragma('user_version')) + step
    connection.execute(`PRAGMA user_version = ${version}`)
    await expect(open(folder)).rejects.toThrow(error)
    expect(connection.pragma('user_version')).toBe(version)
  })

  test('while its first start has not come to its end', async ({ folder }) => {
    using connection = new SqliteConnection(join(folder, 'waybill.db'))
    connection.execute('DELETE FROM signing_key')
    await expect(open(folder)).rejects.toThrow('has not come to its end')
  })
})
