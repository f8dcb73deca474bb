import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { systemClock } from '../../src/lib/clock.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import { SqliteConnection } from '../../src/metadata/sqlite/connection.ts'
import { type CheckOptions, check } from '../../src/registry/check.ts'
import type { Finding } from '../../src/registry/finding.ts'
import { openStoresBeside } from '../../src/stores.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { startTestRegistry, type TestRegistry, type TestRegistryOptions } from '../support/test-registry.ts'

/** A registry on a folder, served from this process, and its data as another program has it beside the server. */
export interface CheckedRegistry extends AsyncDisposable {
  readonly registry: TestRegistry
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

export async function startCheckedRegistry(
  options: Omit<TestRegistryOptions, 'folder'> = {},
): Promise<CheckedRegistry> {
  await using resources = new AsyncDisposableStack()
  const folder = resources.use(await temporaryDirectory('check')).path
  const registry = resources.use(await startTestRegistry({ ...options, folder }))
  const { metadata, blobs } = await openStoresBeside({ kind: 'filesystem', folder }, resources)
  const database = resources.use(new SqliteConnection(join(folder, 'waybill.db'), { busyMsMax: 1_000 }))
  database.execute('PRAGMA foreign_keys = OFF')
  const held = resources.move()
  return {
    ...{ registry, folder, metadata, blobs, database },
    check: (given) =>
      Array.fromAsync(check({ view: metadata.view, blobs, clock: systemClock }, { strayMsMin: -1_000, ...given })),
    async fileOf(digest) {
      const row = await metadata.view.blobs.find(digest as never)
      const names = await readdir(join(folder, 'blobs'), { recursive: true })
      return join(folder, 'blobs', names.find((name) => name.endsWith(`/${row?.key}`))!)
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}
