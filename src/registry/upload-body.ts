import { refuse } from '../errors.ts'
import type { RunningDigest } from '../oci/digest.ts'

/** Bytes from a client: a Node stream, or chunks already in memory. `destroy` makes the iteration throw. */
export interface ByteSource extends AsyncIterable<Uint8Array> {
  destroy?(reason?: Error): unknown
}

/**
 * What a client sends into an upload, on its way to the store: counted against the limit, and digested as it goes by.
 *
 * A body that breaks off (the client is gone, or another request took over) *ends* here instead of throwing, so that
 * the store makes durable what did arrive and the upload can be resumed behind it; `interruption` then says why. A body
 * that is too long throws, and nothing of it counts.
 */
export class UploadBody implements AsyncIterable<Uint8Array> {
  readonly #source: ByteSource
  readonly #signal: AbortSignal
  readonly #running: RunningDigest
  readonly #bytesMax: number
  readonly #refusedAbove: number
  #bytes = 0
  #interruption: { readonly reason: unknown } | undefined

  constructor(parts: {
    source: ByteSource
    signal: AbortSignal
    running: RunningDigest
    /** How many bytes the upload may still take. */
    bytesMax: number
    /** The limit on the whole upload, which the refusal names. */
    layerBytesMax: number
  }) {
    this.#source = parts.source
    this.#signal = parts.signal
    this.#running = parts.running
    this.#bytesMax = parts.bytesMax
    this.#refusedAbove = parts.layerBytesMax
  }

  /** Bytes handed on so far. */
  get bytes(): number {
    return this.#bytes
  }

  get interruption(): { readonly reason: unknown } | undefined {
    return this.#interruption
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    // A silent source has to be told: `for await` would wait for its next chunk for ever.
    const stop = () => this.#source.destroy?.(this.#signal.reason)
    this.#signal.addEventListener('abort', stop, { once: true })
    try {
      for await (const chunk of this.#source) {
        this.#signal.throwIfAborted()
        if (this.#bytes + chunk.length > this.#bytesMax) throw new TooLarge()
        this.#bytes += chunk.length
        this.#running.update(chunk)
        yield chunk
      }
    } catch (reason) {
      if (reason instanceof TooLarge) throw refuse('UploadTooLarge', { bytesMax: this.#refusedAbove })
      this.#interruption = { reason }
    } finally {
      this.#signal.removeEventListener('abort', stop)
    }
  }
}

class TooLarge extends Error {}
