import { LRUCache } from 'lru-cache'

import type { BlobStore } from '../blobs/blob-store.ts'
import { invariant } from '../lib/invariant.ts'
import type { UploadRecord } from '../metadata/metadata-store.ts'
import { type DigestAlgorithm, RunningDigest } from '../oci/digest.ts'

/**
 * Digests of uploads in progress, computed as the bytes go by. Node cannot save a hash's state, so this is memory only:
 * an upload that is not here (another process began it, or too many run) is read back from the store, once.
 */
export class RunningDigests {
  readonly #blobs: BlobStore
  readonly #kept: LRUCache<string, { readonly offset: number; readonly running: RunningDigest }>

  constructor(parts: { blobs: BlobStore; max: number }) {
    this.#blobs = parts.blobs
    this.#kept = new LRUCache({ max: parts.max })
  }

  /** The digest of an upload's bytes up to its offset, to be carried on. It is the caller's now: `keep` returns it. */
  async take(upload: UploadRecord, algorithm: DigestAlgorithm): Promise<RunningDigest> {
    const kept = this.#kept.get(upload.id)
    this.#kept.delete(upload.id)
    if (kept?.offset === upload.offset && kept.running.algorithm === algorithm) return kept.running
    return this.#read(upload, algorithm)
  }

  /** Whether an upload's digest is here. If not, the upload was last written to by another process, or in another try. */
  has(uploadId: string): boolean {
    return this.#kept.has(uploadId)
  }

  /** What algorithm an upload is being digested with, if it is known here. */
  algorithmOf(uploadId: string): DigestAlgorithm {
    return this.#kept.peek(uploadId)?.running.algorithm ?? 'sha256'
  }

  keep(uploadId: string, offset: number, running: RunningDigest): void {
    this.#kept.set(uploadId, { offset, running })
  }

  forget(uploadId: string): void {
    this.#kept.delete(uploadId)
  }

  async #read(upload: UploadRecord, algorithm: DigestAlgorithm): Promise<RunningDigest> {
    const running = new RunningDigest(algorithm)
    if (upload.offset === 0) return running
    let bytes = 0
    for await (const chunk of await this.#blobs.openUnsealed(upload.key, upload.offset)) {
      running.update(chunk)
      bytes += chunk.length
    }
    invariant(bytes === upload.offset, `upload ${upload.id} holds ${bytes} bytes and not ${upload.offset}`)
    return running
  }
}
