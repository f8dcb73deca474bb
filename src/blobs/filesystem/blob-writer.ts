import { invariant } from '../../lib/invariant.ts'
import { untilAborted } from '../../lib/until-aborted.ts'
import type { Disk } from './disk.ts'

/** What goes to the disk in one call. */
const BATCH_BYTES = 1024 * 1024

/** A batch of smaller chunks is full earlier: this is the most that one writev(2) takes. */
const BATCH_CHUNKS_MAX = 1024

/**
 * Writes `body` at `offset` and resolves with the position after its last byte, in the file but not yet synced.
 *
 * One batch is written while the next gathers, so that network and disk work at the same time in the memory of two
 * batches. Rejects with what `body` threw or the signal's reason, at once, though not before the write in flight has
 * settled: afterwards nobody uses the descriptor or the chunks.
 */
export async function writeBody(
  disk: Disk,
  descriptor: number,
  offset: number,
  body: AsyncIterable<Uint8Array>,
  signal: AbortSignal | undefined,
): Promise<number> {
  const writer = new BlobWriter(disk, descriptor, offset, signal)
  try {
    return await untilAborted(signal, Promise.race([writer.write(body), writer.failed]))
  } finally {
    await writer.stop()
  }
}

class BlobWriter {
  readonly #disk: Disk
  readonly #descriptor: number
  readonly #signal: AbortSignal | undefined
  readonly #failure = Promise.withResolvers<never>()
  #position: number
  #batch: Uint8Array[] = []
  #batchBytes = 0
  #writing = Promise.resolve()
  #isStopped = false

  constructor(disk: Disk, descriptor: number, position: number, signal: AbortSignal | undefined) {
    this.#disk = disk
    this.#descriptor = descriptor
    this.#position = position
    this.#signal = signal
  }

  /** Rejects when the disk refuses a batch, even while `write` waits for a silent body. */
  get failed(): Promise<never> {
    return this.#failure.promise
  }

  async write(body: AsyncIterable<Uint8Array>): Promise<number> {
    for await (const chunk of body) {
      if (this.#isStopped) break
      if (chunk.byteLength === 0) continue
      this.#batch.push(chunk)
      this.#batchBytes += chunk.byteLength
      if (this.#batchBytes >= BATCH_BYTES || this.#batch.length >= BATCH_CHUNKS_MAX) await this.#startBatch()
    }
    if (this.#batchBytes > 0) await this.#startBatch()
    await this.#writing
    return this.#position
  }

  /** Resolves when the descriptor is no longer in use. */
  async stop(): Promise<void> {
    this.#isStopped = true
    await this.#writing.catch(() => {})
  }

  /** Resolves when the batch before this one is written, and this one has begun. */
  async #startBatch(): Promise<void> {
    await this.#writing
    this.#signal?.throwIfAborted()
    this.#writing = writeAll(this.#disk, this.#descriptor, this.#batch, this.#position)
    this.#writing.catch(this.#failure.reject)
    this.#position += this.#batchBytes
    this.#batch = []
    this.#batchBytes = 0
  }
}

async function writeAll(disk: Disk, descriptor: number, chunks: readonly Uint8Array[], start: number): Promise<void> {
  let position = start
  let left = chunks
  while (left.length > 0) {
    const written = await disk.writev(descriptor, left, position)
    invariant(written > 0, 'a write took nothing and gave no reason')
    position += written
    left = afterBytes(left, written)
  }
}

/** The chunks without their first `bytes` bytes: a disk that fills up takes a part, and refuses at the next call. */
function afterBytes(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes
  for (const [index, chunk] of chunks.entries()) {
    if (skip < chunk.byteLength) return [chunk.subarray(skip), ...chunks.slice(index + 1)]
    skip -= chunk.byteLength
  }
  return []
}
