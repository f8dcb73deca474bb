import { Readable } from 'node:stream'
import { invariant } from '../../lib/invariant.ts'
import type { Disk } from './disk.ts'

/** Smaller reads cost more CPU per byte, larger ones only memory per reader. */
const READ_BYTES = 512 * 1024

/**
 * `bytes` bytes of an open file from `position` on. The reader owns the descriptor: it is closed at the end, at an
 * error, and when the stream is destroyed, though never under a read in flight.
 */
export class BlobReader extends Readable {
  readonly #disk: Disk
  readonly #descriptor: number
  readonly #end: number
  #position: number
  #reading = Promise.resolve()

  constructor(disk: Disk, descriptor: number, position: number, bytes: number) {
    super({ highWaterMark: READ_BYTES })
    this.#disk = disk
    this.#descriptor = descriptor
    this.#position = position
    this.#end = position + bytes
  }

  override _read(): void {
    this.#reading = this.#readOn().catch((error) => void this.destroy(error))
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#reading
      .then(() => this.#disk.close(this.#descriptor))
      .then(
        () => done(error),
        (failure) => done(error ?? failure),
      )
  }

  async #readOn(): Promise<void> {
    const bytes = Math.min(READ_BYTES, this.#end - this.#position)
    if (bytes > 0) {
      const chunk = Buffer.allocUnsafeSlow(bytes)
      const bytesRead = await this.#disk.read(this.#descriptor, chunk, this.#position)
      invariant(bytesRead > 0, `the file ends at ${this.#position}, before ${this.#end}`)
      this.#position += bytesRead
      this.push(chunk.subarray(0, bytesRead))
    }
    if (this.#position === this.#end) this.push(null)
  }
}
