import { randomBytes } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { AccessKeys } from './auth/access-keys.ts'
import { Identities } from './auth/identities.ts'
import { SecretBox, secretKeyBytes } from './auth/secret-box.ts'
import { findSecretKey, loadSecretKey } from './auth/secret-key-file.ts'
import { SigningKeys } from './auth/signing-keys.ts'
import type { BlobStore } from './blobs/blob-store.ts'
import type { Config, Storage } from './config/config.ts'
import { systemClock } from './lib/clock.ts'
import type { MetadataStore } from './metadata/metadata-store.ts'

/** Where the bytes and the facts are kept, and the key that seals the secrets among them. */
export interface Stores {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly secretKey: Uint8Array
  /**
   * Prove that both take writes.
   * @throws MetadataStoreUnavailable, BlobStoreUnavailable
   */
  requireWritable(): Promise<void>
}

/** Told how long each sync to the disk took, in milliseconds. */
export type SyncObserver = (store: 'metadata' | 'blobs', ms: number) => void

/** Files of a data folder: see docs/storage-layout.md. */
const databaseFile = 'waybill.db'
const secretKeyFile = 'secret.key'
const blobsFolderName = 'blobs'

/**
 * What a server keeps everything in, made where there is nothing yet. With `openIdentities`, the one place that knows
 * every driver; each is loaded only when it is used.
 */
export async function openStores(
  storage: Storage,
  secretKey: Uint8Array | undefined,
  resources: AsyncDisposableStack,
  onSync: SyncObserver = () => undefined,
): Promise<Stores> {
  const { SqliteMetadataStore } = await import('./metadata/sqlite/sqlite-metadata-store.ts')
  switch (storage.kind) {
    case 'memory': {
      const { MemoryBlobStore } = await import('./blobs/memory/memory-blob-store.ts')
      return {
        metadata: resources.use(SqliteMetadataStore.ephemeral()),
        blobs: resources.use(new MemoryBlobStore()),
        secretKey: secretKey ?? randomBytes(secretKeyBytes),
        requireWritable: () => Promise.resolve(),
      }
    }
    case 'filesystem': {
      const { FilesystemBlobStore } = await import('./blobs/filesystem/filesystem-blob-store.ts')
      const { nodeDisk } = await import('./blobs/filesystem/disk.ts')
      const { timedDisk } = await import('./blobs/filesystem/timed-disk.ts')
      const { lockFolder } = await import('./metadata/sqlite/folder-lock.ts')
      await mkdir(storage.folder, { recursive: true, mode: 0o700 })
      resources.use(lockFolder(storage.folder))
      const key = secretKey ?? (await loadSecretKey(join(storage.folder, secretKeyFile)))
      const database = join(storage.folder, databaseFile)
      const onLogSync = (ms: number) => onSync('metadata', ms)
      const metadata = resources.use(await SqliteMetadataStore.open(database, { onSync: onLogSync }))
      const disk = timedDisk(nodeDisk, (ms) => onSync('blobs', ms))
      const blobs = resources.use(await FilesystemBlobStore.open(join(storage.folder, blobsFolderName), { disk }))
      const requireWritable = async () => {
        metadata.requireWritable()
        await blobs.requireWritable()
      }
      return { metadata, blobs, secretKey: key, requireWritable }
    }
  }
}

/** There is nothing to open: no database where one was expected, or no key to its secrets. */
export class DataMissing extends Error {
  override readonly name = 'DataMissing'
}

/** Who may do what in a data folder, for a program that does not serve from it. Dispose of it to close the database. */
export interface OpenIdentities extends AsyncDisposable {
  readonly identities: Identities
}

/**
 * Open the accounts, users and policies of a data folder, beside a server that runs on it or without one. Makes nothing
 * that a first start has to make.
 *
 * @throws DataMissing, SecretUnreadable when the secret key is another one, SchemaTooNew, SchemaTooOld
 */
export async function openIdentities({
  storage,
  secretKey,
}: Pick<Config, 'storage' | 'secretKey'>): Promise<OpenIdentities> {
  const folder = folderWithData(storage)
  const key = secretKey ?? (await findSecretKey(join(folder, secretKeyFile)))
  if (!key) {
    throw new DataMissing(`${folder} has no ${secretKeyFile}: give the secret key that its server is given`)
  }

  await using resources = new AsyncDisposableStack()
  const metadata = resources.use(await openMetadataBeside(folder))
  const parts = { metadata, box: new SecretBox(key), clock: systemClock }
  const signingKeys = new SigningKeys(parts)
  if ((await metadata.view.signingKeys.list()).length === 0) {
    throw new DataMissing(`the first start of the registry in ${folder} has not come to its end: start it again`)
  }
  // Proves the secret key, before anything is sealed with it that the server could then not open.
  await signingKeys.current()
  const identities = new Identities({ ...parts, accessKeys: new AccessKeys(parts), signingKeys })
  const held = resources.move()
  return { identities, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() }
}

/**
 * Open what a data folder holds, beside a server that runs on it or without one, for a program that looks after it. The
 * secrets in it stay sealed.
 *
 * @throws DataMissing, also when there is a database and no blobs: that is a volume which is not mounted, and looks as if
 * every blob were lost; SchemaTooNew, SchemaTooOld
 */
export async function openStoresBeside(storage: Storage, resources: AsyncDisposableStack): Promise<StoresBeside> {
  const folder = folderWithData(storage)
  const blobsFolder = join(folder, blobsFolderName)
  if (!existsSync(blobsFolder)) throw new DataMissing(`there is a database in ${folder}, and no folder ${blobsFolder}`)
  const { FilesystemBlobStore } = await import('./blobs/filesystem/filesystem-blob-store.ts')
  return {
    metadata: resources.use(await openMetadataBeside(folder)),
    blobs: resources.use(await FilesystemBlobStore.open(blobsFolder)),
  }
}

export type StoresBeside = Pick<Stores, 'metadata' | 'blobs'>

function folderWithData(storage: Storage): string {
  if (storage.kind === 'memory') {
    throw new DataMissing('data in memory is reached by nobody but its server: name a folder')
  }
  if (!existsSync(join(storage.folder, databaseFile))) {
    throw new DataMissing(
      `there is no Waybill data in ${storage.folder}: start the registry there first, or name another folder`,
    )
  }
  return storage.folder
}

async function openMetadataBeside(folder: string): Promise<MetadataStore> {
  const { SqliteMetadataStore } = await import('./metadata/sqlite/sqlite-metadata-store.ts')
  return SqliteMetadataStore.openBeside(join(folder, databaseFile))
}
