import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { SqliteConnection } from '../../src/metadata/sqlite/connection.ts'
import type { Digest } from '../../src/oci/digest.ts'
import { type CheckOptions, check } from '../../src/registry/check.ts'
import type { Finding } from '../../src/registry/finding.ts'
import { openStoresBeside } from '../../src/stores.ts'
import { runCommand } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestRegistry, type TestRegistry, type TestRegistryOptions } from '../support/test-registry.ts'

/** The data of a registry, as a program beside its server has it. */
export interface CheckedData extends AsyncDisposable {
  readonly folder: string
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  /** For doing to rows what no program of ours would. */
  readonly database: SqliteConnection
  /** All there is to find, shallow and whatever its age unless told otherwise. */
  check(options?: Partial<CheckOptions>): Promise<Finding[]>
  /** The file of the object that holds a blob. */
  fileOf(digest: string): Promise<string>
}

export async function openCheckedData(folder: string): Promise<CheckedData> {
  await using resources = new AsyncDisposableStack()
  const { metadata, blobs } = await openStoresBeside({ kind: 'filesystem', folder }, resources)
  const database = resources.use(new SqliteConnection(join(folder, 'waybill.db'), { busyMsMax: 1_000 }))
  database.execute('PRAGMA foreign_keys = OFF')
  const held = resources.move()
  const stores = { view: metadata.view, blobs, clock: systemClock }
  return {
    ...{ folder, metadata, blobs, database },
    // A file that was written to this very moment is older than that.
    check: (options) => Array.fromAsync(check(stores, { strayMsMin: -1_000, ...options })),
    async fileOf(digest) {
      const blob = await metadata.view.blobs.find(digest as Digest)
      const names = await readdir(join(folder, 'blobs'), { recursive: true })
      return join(folder, 'blobs', names.find((name) => name.endsWith(`/${blob?.key}`))!)
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

/** As `openCheckedData`, of a copy that goes with it. */
export async function openCopy(folder: string): Promise<CheckedData> {
  await using resources = new AsyncDisposableStack()
  const copy = resources.use(await temporaryDirectory('check')).path
  // Not from this process: closing the database's file would drop the locks that SQLite holds on it for the server here,
  // and the next command to leave would take the log away (sqlite.org/howtocorrupt.html, §2.2).
  await runCommand('cp', ['--recursive', '--preserve=all', `${folder}/.`, copy])
  const data = resources.use(await openCheckedData(copy))
  const held = resources.move()
  return { ...data, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() }
}

/** A registry served from this process, with its data. */
export async function startCheckedRegistry(
  options: Omit<TestRegistryOptions, 'folder'> = {},
): Promise<CheckedData & { readonly registry: TestRegistry }> {
  await using resources = new AsyncDisposableStack()
  const folder = resources.use(await temporaryDirectory('check')).path
  const registry = resources.use(await startTestRegistry({ ...options, folder }))
  const data = resources.use(await openCheckedData(folder))
  const held = resources.move()
  return { ...data, registry, [Symbol.asyncDispose]: () => held[Symbol.asyncDispose]() }
}
