import { createHash, type Hash } from 'node:crypto'

import { refuse } from '../errors.ts'

/**
 * A checked content address, `sha256:<64 hex>` or `sha512:<128 hex>`, lower case. Obtain one from `parseDigest` or
 * `digestOf` only. (OCI image-spec, "Digests": the two registered algorithms.)
 */
export type Digest = string & { readonly [digestBrand]: true }
declare const digestBrand: unique symbol

export type DigestAlgorithm = 'sha256' | 'sha512'

const GRAMMAR = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/

export function isDigest(text: unknown): text is Digest {
  return typeof text === 'string' && GRAMMAR.test(text)
}

/** Refuses `DigestInvalid`. */
export function parseDigest(text: string | null | undefined): Digest {
  if (!isDigest(text)) throw refuse('DigestInvalid', { digest: text ?? '' })
  return text
}

export function algorithmOf(digest: Digest): DigestAlgorithm {
  return digest.startsWith('sha512:') ? 'sha512' : 'sha256'
}

export function digestOf(bytes: Uint8Array, algorithm: DigestAlgorithm = 'sha256'): Digest {
  return new RunningDigest(algorithm).update(bytes).finish()
}

/** A digest in the making. `peek` may be asked at any moment; `finish` ends it. */
export class RunningDigest {
  readonly algorithm: DigestAlgorithm
  readonly #hash: Hash

  constructor(algorithm: DigestAlgorithm = 'sha256', hash: Hash = createHash(algorithm)) {
    this.algorithm = algorithm
    this.#hash = hash
  }

  update(bytes: Uint8Array): this {
    this.#hash.update(bytes)
    return this
  }

  /** An independent copy that can go its own way. */
  fork(): RunningDigest {
    return new RunningDigest(this.algorithm, this.#hash.copy())
  }

  finish(): Digest {
    return `${this.algorithm}:${this.#hash.digest('hex')}` as Digest
  }
}
