import { setImmediate } from 'node:timers/promises'

import type { BlobStore } from '../blobs/blob-store.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataView, Page } from '../metadata/metadata-store.ts'
import { imageNameOf } from './address.ts'

export type CheckStep =
  | 'repositories'
  | 'tags'
  | 'manifests'
  | 'deleted images'
  | 'references'
  | 'children'
  | 'links'
  | 'blobs'
  | 'uploads'
  | 'objects'

export interface CheckProgress {
  readonly step: CheckStep
  /** Rows, or objects, of this step that were looked at. */
  readonly count: number
  /** Bytes of blobs that were read; 0 unless the check is deep. */
  readonly bytes: number
}

export interface CheckOptions {
  /** Read every blob and compute its digest. */
  readonly isDeep?: boolean
  /** An object that nothing names is reported when it has not been written to for this long. */
  readonly strayMsMin: number
  readonly onProgress?: (progress: CheckProgress) => void
  /** Awaited after each page of work. Without it, other work of this thread gets its turn, and no more than that. */
  readonly rest?: () => Promise<void>
}

export interface CheckedStores {
  readonly view: MetadataView
  readonly blobs: BlobStore
  readonly clock: Clock
}

/** A few milliseconds of the database's time. */
const pageRows = 500

/** What the steps of one run share. */
export class CheckRun {
  readonly view: MetadataView
  readonly blobs: BlobStore
  readonly clock: Clock
  readonly isDeep: boolean
  readonly strayMsMin: number
  readonly #options: CheckOptions
  #progress: CheckProgress = { step: 'repositories', count: 0, bytes: 0 }

  constructor(stores: CheckedStores, options: CheckOptions) {
    this.view = stores.view
    this.blobs = stores.blobs
    this.clock = stores.clock
    this.isDeep = options.isDeep ?? false
    this.strayMsMin = options.strayMsMin
    this.#options = options
  }

  begin(step: CheckStep): void {
    this.#progress = { step, count: 0, bytes: 0 }
    this.#options.onProgress?.(this.#progress)
  }

  /** To be called after each bounded piece of work. */
  async rest(done: { readonly count: number; readonly bytes?: number }): Promise<void> {
    const { step, count, bytes } = this.#progress
    this.#progress = { step, count: count + done.count, bytes: bytes + (done.bytes ?? 0) }
    this.#options.onProgress?.(this.#progress)
    await (this.#options.rest ?? setImmediate)()
  }

  /** Row after row of a scan, a page at a time. */
  async *rows<Row>(list: (page: Page<Row>) => Promise<Row[]>, limit = pageRows): AsyncGenerator<Row> {
    let after: Row | undefined
    for (;;) {
      const page = await list({ after, limit })
      yield* page
      await this.rest({ count: page.length })
      if (page.length < limit) return
      after = page.at(-1)
    }
  }

  /** `undefined` when the repository was deleted meanwhile, and with it whatever was wrong there. */
  nameOf(repositoryId: number): Promise<string | undefined> {
    return imageNameOf(this.view, repositoryId)
  }
}
