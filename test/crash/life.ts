import { join } from 'node:path'

import { expect } from 'vitest'

import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { findingsIn } from '../support/findings.ts'
import { QuickClient } from '../support/quick-client.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { Ledger } from './ledger.ts'
import { administrator } from './load.ts'
import { type Orders, RegistryVictim } from './registry-victim.ts'

/** A data folder, what was promised about it, and one registry after the other that serves from it. */
export class Life implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly #resources: AsyncDisposableStack
  readonly #folder: string
  #next: RegistryVictim
  #slowestStartMs = 0

  private constructor(folder: string, resources: AsyncDisposableStack) {
    this.#folder = folder
    this.#resources = resources
    this.#next = resources.use(new RegistryVictim())
  }

  static async begin(): Promise<Life> {
    await using resources = new AsyncDisposableStack()
    const { path } = resources.use(await temporaryDirectory('crash'))
    return new Life(path, resources.move())
  }

  get slowestStartMs(): number {
    return this.#slowestStartMs
  }

  /** The next registry, opened; one that is killed `ifKilledAt` its own start has no URL. */
  async start(
    orders: Pick<Orders, 'killAt' | 'collectsGarbage'> = {},
  ): Promise<{ readonly victim: RegistryVictim; readonly url: string | undefined }> {
    const victim = this.#next
    // It loads its modules while the one before it is at work.
    this.#next = this.#resources.use(new RegistryVictim())
    const opened = await victim.open({ ...orders, folder: this.#folder, adminKey: administrator })
    this.#slowestStartMs = Math.max(this.#slowestStartMs, opened?.startMs ?? 0)
    return { victim, url: opened?.url }
  }

  /** Kills the next registry so many milliseconds after it was told to open the folder. */
  async startAndKill(afterMs: number): Promise<void> {
    await this.#next.loaded()
    const victim = this.#next
    const started = this.start()
    await new Promise((resolve) => setTimeout(resolve, afterMs))
    await victim.kill()
    await started
  }

  /** Holds a running registry to what was said: all of it, or with `recentOnly` what is new since the last check. */
  async check(url: string, options: { readonly recentOnly?: boolean } = {}): Promise<void> {
    using client = new QuickClient(url, administrator)
    await this.ledger.check(client, options)
    await using metadata = await SqliteMetadataStore.openBeside(join(this.#folder, 'waybill.db'))
    await using blobs = await FilesystemBlobStore.open(join(this.#folder, 'blobs'))
    expect(await findingsIn({ metadata, blobs })).toEqual([])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }
}
