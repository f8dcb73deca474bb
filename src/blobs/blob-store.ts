import type { Readable } from 'node:stream'

/**
 * A place in the store: 1 to 64 characters of `a-z`, `0-9` and `-`. Unique for ever: a key is never reused, so deleting
 * an old copy can't hurt a newer one of the same content.
 */
export type BlobKey = string

const BLOB_KEY = /^[a-z0-9-]{1,64}$/

/** For the drivers, which name files and objects after keys. */
export function isBlobKey(text: string): boolean {
  return BLOB_KEY.test(text)
}

/** Bytes `start` up to and including `end`, as in HTTP. */
export interface ByteRange {
  readonly start: number
  readonly end: number
}

/**
 * Bytes and nothing else: no names, no digests, no permissions. Every promise here that resolves means "durable": the
 * effect survives a power cut. Every method may be repeated after a crash with the same outcome.
 *
 * A key is open (being written, unreadable) until it is sealed (complete, readable, immutable).
 * The callers keep two rules: one writer at a time for a key, and no `append` to a key once `seal` was asked for.
 *
 * Any call may reject with `BlobStoreUnavailable`, and so may a stream that a call returned.
 */
export interface BlobStore extends AsyncDisposable {
  /**
   * Write `body` at `offset` of an open key, creating it when `offset` is 0, and return the new size in bytes. Bytes at
   * and past `offset` left by an earlier, interrupted call are discarded.
   *
   * The chunks must stay as they are until the call settles; afterwards they are the caller's again.
   *
   * When `body` throws, or `signal` aborts, the call rejects with that very reason. The bytes that had arrived by then
   * may or may not be kept: the key's size is anything between `offset` and the last byte received.
   *
   * @throws OffsetGap when the key holds fewer than `offset` bytes, `KeyMissing` when `offset` > 0 and it isn't open
   */
  append(key: BlobKey, offset: number, body: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<number>

  /**
   * Read back the first `size` bytes of a key from the start: to hash an upload that another process began. The key may
   * also be sealed, for when that process died between sealing it and saying so.
   *
   * @throws KeyMissing when there is no such key, `OffsetGap` when it holds fewer than `size` bytes
   */
  openUnsealed(key: BlobKey, size: number): Promise<Readable>

  /**
   * Make the key's first `size` bytes readable and immutable; anything beyond them is discarded. Sealing again with the
   * same size is success; with a smaller one it is our own mistake.
   *
   * @throws KeyMissing when there is no such key, `OffsetGap` when it holds fewer than `size` bytes
   */
  seal(key: BlobKey, size: number): Promise<void>

  /**
   * The bytes of a sealed key, or the part of them in `range`, which the caller has checked against the size.
   * The caller reads the stream to its end or destroys it.
   *
   * @throws KeyMissing unless sealed
   */
  open(key: BlobKey, range?: ByteRange): Promise<Readable>

  /** Bytes held by a sealed key; `undefined` unless sealed. */
  size(key: BlobKey): Promise<number | undefined>

  /** Remove a key, open or sealed. Removing what isn't there is success. */
  delete(key: BlobKey): Promise<void>

  /**
   * Every key, open or sealed, in no order: for `waybill check` and the sweep of strays, never for a request. A
   * key that is sealed while this runs may come twice; one that is made or deleted may come or not.
   */
  keys(): AsyncIterable<StoredKey>
}

export interface StoredKey {
  readonly key: BlobKey
  readonly isSealed: boolean
  readonly bytes: number
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number
}

/** No such key, or not in the state the call needs. */
export class KeyMissing extends Error {
  override readonly name = 'KeyMissing'
  readonly key: BlobKey

  constructor(key: BlobKey, options?: ErrorOptions) {
    super(`no such key: ${key}`, options)
    this.key = key
  }
}

/** A write that would leave a hole, or a seal beyond what was written. */
export class OffsetGap extends Error {
  override readonly name = 'OffsetGap'

  constructor(key: BlobKey, held: number, wanted: number) {
    super(`${key} holds ${held} bytes, fewer than ${wanted}`)
  }
}

/** The store cannot serve now (disk full, read-only, unreachable), and may later. Nothing acknowledged was lost. */
export class BlobStoreUnavailable extends Error {
  override readonly name = 'BlobStoreUnavailable'
}
