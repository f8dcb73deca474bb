import type { BlobStore } from '../blobs/blob-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { Uploads } from './uploads.ts'

/** At most this many of each kind in one pass: a pass is short, and the next one follows. */
const passCountMax = 100

/** Rows of a deleted repository that go in one transaction: a few milliseconds of the database's time. */
const purgedRowsMax = 1_000

/**
 * Removes what nothing needs any more: uploads left lying, stored objects that were discarded, what deleted
 * repositories held. What there is to do
 * is rows in the database, written in the same transaction as the change that made it necessary, so a crash at any
 * moment leaves it to be done later.
 */
export class Sweep {
  readonly #metadata: MetadataStore
  readonly #blobs: BlobStore
  readonly #uploads: Uploads
  readonly #clock: Clock

  constructor(parts: { metadata: MetadataStore; blobs: BlobStore; uploads: Uploads; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#blobs = parts.blobs
    this.#uploads = parts.uploads
    this.#clock = parts.clock
  }

  /** Do what is due. Returns how much was done: when it is a lot, more may be waiting. */
  async pass(): Promise<number> {
    const idle = await this.#uploads.removeIdle(this.#clock(), passCountMax)
    const discards = await this.#metadata.view.discards.listDue(this.#clock(), passCountMax)
    for (const { key } of discards) {
      // The row outlives the bytes, so a crash in between repeats a deletion and forgets none.
      await this.#blobs.delete(key)
      await this.#metadata.write((tx) => tx.discards.remove(key))
    }
    return idle + discards.length + (await this.#purgeDeleted())
  }

  /** Empty deleted repositories, a bounded number of rows in each transaction. */
  async #purgeDeleted(): Promise<number> {
    const [repositoryId] = await this.#metadata.view.repositories.listDeleted(1)
    if (repositoryId === undefined) return 0
    if ((await this.#uploads.removeOf(repositoryId, this.#clock(), passCountMax)) === 0) {
      await this.#metadata.write((tx) => tx.repositories.purge(repositoryId, purgedRowsMax, this.#clock()))
    }
    return 1
  }

  async passUntilDone(): Promise<void> {
    while ((await this.pass()) > 0) {
      // each pass is complete in itself
    }
  }
}
