import { setTimeout as delay } from 'node:timers/promises'

import { BlobStoreUnavailable } from '../blobs/blob-store.ts'
import { MetadataStoreUnavailable } from '../metadata/metadata-store.ts'

/** Why a server should be sent no requests for now. */
export type NotReady = 'stopping' | 'metadata' | 'blobs' | 'slow' | 'internal'

/** What was found is good for so long, however many ask. */
const freshMs = 2_000
/** A disk that does not answer within this time does not answer. */
const probeMsMax = 5_000

/** Whether this server can do what it is there for. */
export class Health {
  readonly #requireWritable: () => Promise<void>
  #isStopping = false
  #probe: { readonly result: Promise<NotReady | undefined>; startedAt: number } | undefined

  /** `requireWritable` proves that both stores take writes, or throws what keeps them from it. */
  constructor(parts: { requireWritable: () => Promise<void> }) {
    this.#requireWritable = parts.requireWritable
  }

  /** From now on the server is not ready, whatever its stores are. */
  stop(): void {
    this.#isStopping = true
  }

  /** `undefined` when it is ready. */
  async notReady(): Promise<NotReady | undefined> {
    if (this.#isStopping) return 'stopping'
    if (!this.#probe || performance.now() > this.#probe.startedAt + freshMs) {
      this.#probe = { result: this.#ask(), startedAt: performance.now() }
    }
    return this.#probe.result
  }

  async #ask(): Promise<NotReady | undefined> {
    const answered = new AbortController()
    const tooLate = delay(probeMsMax, 'slow' as const, { signal: answered.signal, ref: false }).catch(() => undefined)
    try {
      return await Promise.race([this.#requireWritable().then(() => undefined), tooLate])
    } catch (error) {
      if (error instanceof MetadataStoreUnavailable) return 'metadata'
      return error instanceof BlobStoreUnavailable ? 'blobs' : 'internal'
    } finally {
      answered.abort()
    }
  }
}
