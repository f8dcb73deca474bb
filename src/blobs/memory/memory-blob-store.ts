import { Readable } from 'node:stream'
import { type Clock, systemClock } from '../../lib/clock.ts'
import { invariant } from '../../lib/invariant.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import {
  type BlobKey,
  type BlobStore,
  type ByteRange,
  isBlobKey,
  KeyMissing,
  OffsetGap,
  type StoredKey,
} from '../blob-store.ts'

/** Replaced as a whole at every change, so that a reader keeps what it opened. */
interface StoredBlob {
  readonly chunks: readonly Buffer[]
  readonly bytes: number
  readonly isSealed: boolean
  readonly modifiedAt: number
}

/**
 * Blobs in the memory of this process, for tests and for programs that embed a registry and want nothing kept:
 * "durable" means for as long as the store. Bytes are copied once, when they arrive, and never when they are read.
 */
export class MemoryBlobStore implements BlobStore {
  readonly #blobs = new Map<BlobKey, StoredBlob>()
  readonly #clock: Clock

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
  }

  async append(key: BlobKey, offset: number, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<number> {
    invariant(isBlobKey(key), `not a key: ${key}`)
    signal?.throwIfAborted()
    if (this.#blobs.get(key)?.isSealed) throw new KeyMissing(key)
    const kept = offset === 0 ? [] : this.#firstBytes(key, offset)
    this.#put(key, kept, false)
    const arrived = await untilAborted(signal, copyOf(body, signal))
    return this.#put(key, kept.concat(arrived), false)
  }

  async openUnsealed(key: BlobKey, size: number): Promise<Readable> {
    return readerOf(this.#firstBytes(key, size))
  }

  async seal(key: BlobKey, size: number): Promise<void> {
    const chunks = this.#firstBytes(key, size)
    const { bytes, isSealed } = this.#get(key)
    if (!isSealed) this.#put(key, chunks, true)
    else invariant(bytes === size, `${key} is sealed at ${bytes} bytes, not at ${size}`)
  }

  async open(key: BlobKey, range?: ByteRange): Promise<Readable> {
    const { chunks, isSealed } = this.#get(key)
    if (!isSealed) throw new KeyMissing(key)
    return readerOf(range ? slice(chunks, range.start, range.end + 1) : chunks)
  }

  async size(key: BlobKey): Promise<number | undefined> {
    const blob = this.#blobs.get(key)
    return blob?.isSealed ? blob.bytes : undefined
  }

  async delete(key: BlobKey): Promise<void> {
    this.#blobs.delete(key)
  }

  async *keys(): AsyncIterable<StoredKey> {
    for (const [key, { isSealed, bytes, modifiedAt }] of this.#blobs) yield { key, isSealed, bytes, modifiedAt }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#blobs.clear()
  }

  #get(key: BlobKey): StoredBlob {
    const blob = this.#blobs.get(key)
    if (!blob) throw new KeyMissing(key)
    return blob
  }

  #put(key: BlobKey, chunks: readonly Buffer[], isSealed: boolean): number {
    const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, 0)
    this.#blobs.set(key, { chunks, bytes, isSealed, modifiedAt: this.#clock() })
    return bytes
  }

  #firstBytes(key: BlobKey, size: number): Buffer[] {
    const { chunks, bytes } = this.#get(key)
    if (bytes < size) throw new OffsetGap(key, bytes, size)
    return slice(chunks, 0, size)
  }
}

async function copyOf(body: AsyncIterable<Uint8Array>, signal: AbortSignal | undefined): Promise<Buffer[]> {
  const chunks: Buffer[] = []
  for await (const chunk of body) {
    if (signal?.aborted) break
    if (chunk.byteLength > 0) chunks.push(Buffer.from(chunk))
  }
  return chunks
}

/** The bytes from `start` up to, not including, `end`, as views. */
function slice(chunks: readonly Buffer[], start: number, end: number): Buffer[] {
  const views: Buffer[] = []
  let position = 0
  for (const chunk of chunks) {
    const view = chunk.subarray(Math.max(0, start - position), Math.max(0, end - position))
    if (view.length > 0) views.push(view)
    position += chunk.length
  }
  return views
}

function readerOf(chunks: readonly Buffer[]): Readable {
  return Readable.from(chunks, { objectMode: false })
}
