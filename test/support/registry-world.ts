import { join } from 'node:path'

import type { BlobStore } from '../../src/blobs/blob-store.ts'
import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { MemoryBlobStore } from '../../src/blobs/memory/memory-blob-store.ts'
import { userPrincipal } from '../../src/iam/principal.ts'
import type { MetadataStore, RepositoryAddress } from '../../src/metadata/metadata-store.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { parseAlias, parseRepositoryName } from '../../src/oci/repository-name.ts'
import type { Call } from '../../src/registry/call.ts'
import { defaultLimits, type RegistryLimits } from '../../src/registry/limits.ts'
import { Registry } from '../../src/registry/registry.ts'
import { findingsIn } from './findings.ts'
import { quickDirectory } from './quick-directory.ts'
import { type Around, wrapStores } from './wrapped-stores.ts'

/** Where a world keeps its stores. What is in memory outlives a restart of the registry as files do. */
export type Keeping = 'in memory' | 'on files'

export interface WorldOptions {
  readonly keeping?: Keeping
  /** What stands between the registry and its stores. */
  readonly around?: Around
  readonly limits?: Partial<RegistryLimits>
}

const accountId = '000000000000'
const alias = parseAlias('library')

/** The registry without its doors, over stores that a test stands in front of, at a time that only the test moves. */
export class World implements AsyncDisposable {
  readonly time = { now: Date.UTC(2026, 0, 1) }
  readonly limits: RegistryLimits
  readonly #options: WorldOptions
  readonly #folder: string | undefined
  readonly #resources: AsyncDisposableStack
  #stores: { readonly metadata: MetadataStore; readonly blobs: BlobStore }
  #registry: Registry

  private constructor(
    options: WorldOptions,
    folder: string | undefined,
    stores: { metadata: MetadataStore; blobs: BlobStore },
    resources: AsyncDisposableStack,
  ) {
    this.#options = options
    this.#folder = folder
    this.#stores = stores
    this.#resources = resources
    // Small enough that a test's own images have layers of several parts.
    this.limits = { ...defaultLimits, partBytesMin: 16, ...options.limits }
    this.#registry = this.#newRegistry()
  }

  /** With one account that makes repositories on push, and nothing else. */
  static async open(options: WorldOptions = {}): Promise<World> {
    await using resources = new AsyncDisposableStack()
    const folder = options.keeping === 'on files' ? resources.use(await quickDirectory('world')).path : undefined
    const stores = await openStores(folder)
    const world = new World(options, folder, stores, resources.move())
    await stores.metadata.write(async (tx) => {
      const createdAt = world.time.now
      await tx.accounts.insert({ id: accountId, createsOnPush: true, displayName: '', isVerified: false, createdAt })
      await tx.accounts.insertAlias({ alias, accountId, isPrimary: true, createdAt })
    })
    return world
  }

  get registry(): Registry {
    return this.#registry
  }

  /** As they are, with nothing before them. */
  get stores(): { readonly metadata: MetadataStore; readonly blobs: BlobStore } {
    return this.#stores
  }

  /** The account's root user, now. */
  get call(): Call {
    return {
      principal: userPrincipal({ accountId, userId: 'root', userName: 'admin', isRoot: true }),
      identityPolicies: [],
      hasCredential: true,
      scopes: undefined,
      origin: { sourceIp: '127.0.0.1', isSecure: false, userAgent: undefined, referer: undefined },
      door: 'command',
      requestId: '',
      now: this.time.now,
    }
  }

  addressOf(name: string): RepositoryAddress {
    return { registry: { kind: 'alias', alias }, name: parseRepositoryName(name) }
  }

  /** A registry that knows only what is in the stores, as after a crash. */
  async restart(): Promise<void> {
    if (this.#folder !== undefined) {
      await closeStores(this.#stores)
      this.#stores = await openStores(this.#folder)
    }
    this.#registry = this.#newRegistry()
  }

  /** Lets time pass, and what is due happen, until nothing more is. */
  async passTime(ms: number): Promise<void> {
    this.time.now += ms
    await this.#registry.collector.passUntilDone()
    await this.#registry.sweep.passUntilDone()
  }

  /** Lets so much time pass that all garbage there is goes, step by step. */
  async settle(): Promise<void> {
    const { collectGraceMs, deletedKeepMs, uploadIdleMsMax } = this.limits
    const longest = Math.max(collectGraceMs, deletedKeepMs, uploadIdleMsMax) + 24 * 60 * 60 * 1000
    for (let step = 0; step < settlingSteps; step++) await this.passTime(longest)
  }

  /** What the check of the data finds. Nothing may go on meanwhile. */
  findings(): Promise<string[]> {
    return findingsIn(this.#stores)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await closeStores(this.#stores)
    await this.#resources[Symbol.asyncDispose]()
  }

  #newRegistry(): Registry {
    const { around } = this.#options
    const stores = around ? wrapStores(this.#stores, around) : this.#stores
    return new Registry({ ...stores, limits: this.limits, clock: () => this.time.now })
  }
}

/** From an untagged parent to the object of its child's layer: parent, child, deleted child, link and blob, discard. */
const settlingSteps = 6

async function openStores(folder: string | undefined): Promise<{ metadata: MetadataStore; blobs: BlobStore }> {
  if (folder === undefined) return { metadata: SqliteMetadataStore.ephemeral(), blobs: new MemoryBlobStore() }
  return {
    metadata: await SqliteMetadataStore.open(join(folder, 'waybill.db')),
    blobs: await FilesystemBlobStore.open(join(folder, 'blobs')),
  }
}

async function closeStores({ metadata, blobs }: { metadata: MetadataStore; blobs: BlobStore }): Promise<void> {
  await metadata[Symbol.asyncDispose]()
  await blobs[Symbol.asyncDispose]()
}
