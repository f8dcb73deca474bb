import { join } from 'node:path'

import { expect, test } from 'vitest'

import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { SqliteConnection } from '../../src/metadata/sqlite/connection.ts'
import { FolderInUse, lockFolder } from '../../src/metadata/sqlite/folder-lock.ts'
import { SchemaTooNew } from '../../src/metadata/sqlite/migrate.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { describeMetadataStore } from './metadata-store.contract.ts'
import { describeAccountsOf } from './metadata-store-accounts.contract.ts'
import { describeRepositoriesOf } from './metadata-store-repositories.contract.ts'
import { describeScanOf } from './metadata-store-scan.contract.ts'

const inFile = { name: 'sqlite, in a file', open: openInFile }
const inMemory = { name: 'sqlite, in memory', open: async () => SqliteMetadataStore.ephemeral() }

for (const driver of [inFile, inMemory]) {
  describeMetadataStore(driver)
  describeAccountsOf(driver)
  describeRepositoriesOf(driver)
  describeScanOf(driver)
}

async function openInFile(): Promise<MetadataStore> {
  await using stack = new AsyncDisposableStack()
  const folder = stack.use(await temporaryDirectory('sqlite'))
  const store = stack.use(await SqliteMetadataStore.open(join(folder.path, 'waybill.db')))
  const held = stack.move()
  return {
    view: store.view,
    write: (change) => store.write(change),
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

const account = { id: '123456789012', createsOnPush: true, displayName: '', isVerified: false, createdAt: 1 }

test('what was written is there when the file is opened again', async () => {
  await using folder = await temporaryDirectory('sqlite')
  const path = join(folder.path, 'waybill.db')
  {
    await using store = await SqliteMetadataStore.open(path)
    await store.write((tx) => tx.accounts.insert(account))
  }
  await using store = await SqliteMetadataStore.open(path)
  expect(await store.view.accounts.find(account.id)).toEqual(account)
})

test('data of a newer schema is refused and left alone', async () => {
  await using folder = await temporaryDirectory('sqlite')
  const path = join(folder.path, 'waybill.db')
  {
    using connection = new SqliteConnection(path)
    connection.execute('PRAGMA user_version = 9999')
  }
  await expect(SqliteMetadataStore.open(path)).rejects.toBeInstanceOf(SchemaTooNew)
})

test('a writer waits while another process holds the database, and goes on when it is done', async () => {
  await using folder = await temporaryDirectory('sqlite')
  const path = join(folder.path, 'waybill.db')
  await using store = await SqliteMetadataStore.open(path)
  using other = new SqliteConnection(path)
  other.execute('BEGIN IMMEDIATE')
  const written = store.write((tx) => tx.accounts.insert(account))
  // Reads are not held up by either.
  expect(await store.view.accounts.find(account.id)).toBeUndefined()
  other.execute('COMMIT')
  await written
  expect(await store.view.accounts.find(account.id)).toEqual(account)
})

test('a store that is closed refuses writes', async () => {
  const store = SqliteMetadataStore.ephemeral()
  await store[Symbol.asyncDispose]()
  await expect(store.write((tx) => tx.accounts.insert(account))).rejects.toThrow('closed')
})

test('a data folder is one server’s at a time', async () => {
  await using folder = await temporaryDirectory('sqlite')
  {
    using _lock = lockFolder(folder.path)
    expect(() => lockFolder(folder.path)).toThrow(FolderInUse)
    expect(() => lockFolder(folder.path)).toThrow(`process ${process.pid}`)
  }
  using _again = lockFolder(folder.path)
})
