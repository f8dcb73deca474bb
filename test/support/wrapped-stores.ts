import { Readable } from 'node:stream'

import type { BlobStore } from '../../src/blobs/blob-store.ts'
import type { MetadataStore } from '../../src/metadata/metadata-store.ts'
import type { Stores } from '../../src/stores.ts'

/** A call on one of the stores, as a test may meet it. */
export interface StoreCall {
  /** `view.tags.find`, `write`, `tx.tags.set` for a statement in a transaction, `blobs.seal`, `blobs.append chunk`. */
  readonly name: string
  /** Whether something outlives the call that was not there before. What is done in a transaction, `write` does. */
  readonly changes: boolean
}

/** Stands between the registry and its stores: runs the call, or throws before or after it, or lets it wait. */
export type Around = <T>(call: StoreCall, run: () => Promise<T>) => Promise<T>

/**
 * The same stores with `around` in front of every call: metadata by query, write and statement, blobs by call and by
 * chunk of what is written or read.
 */
export function wrapStores<S extends Pick<Stores, 'metadata' | 'blobs'>>(stores: S, around: Around): S {
  return { ...stores, metadata: wrapMetadata(stores.metadata, around), blobs: wrapBlobs(stores.blobs, around) }
}

function wrapMetadata(inner: MetadataStore, around: Around): MetadataStore {
  return {
    view: wrapNouns(inner.view, 'view', around),
    write: (change) =>
      around({ name: 'write', changes: true }, () => inner.write((tx) => change(wrapNouns(tx, 'tx', around)))),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

/** An object of objects of methods that all resolve: what a view and a transaction are. */
function wrapNouns<Nouns extends object>(nouns: Nouns, prefix: string, around: Around): Nouns {
  const wrapped = Object.entries(nouns).map(([noun, methods]) => {
    const path = `${prefix}.${noun}`
    const handler: ProxyHandler<Record<string, (...given: unknown[]) => Promise<unknown>>> = {
      get: (target, name) => {
        const call = { name: `${path}.${String(name)}`, changes: false }
        return (...given: unknown[]) => around(call, () => target[String(name)]!(...given))
      },
    }
    return [noun, new Proxy(methods, handler)]
  })
  return Object.fromEntries(wrapped) as Nouns
}

function wrapBlobs(inner: BlobStore, around: Around): BlobStore {
  const call = (name: keyof BlobStore & string, changes: boolean) => ({ name: `blobs.${name}`, changes })
  const readable = (name: keyof BlobStore & string, open: () => Promise<Readable>) =>
    around(call(name, false), async () => {
      const chunks = wrapChunks(await open(), { name: `blobs.${name} chunk`, changes: false }, around)
      return Readable.from(chunks, { objectMode: false })
    })
  return {
    append(key, offset, body, signal) {
      const chunks = wrapChunks(body, { name: 'blobs.append chunk', changes: false }, around)
      return around(call('append', true), () => inner.append(key, offset, chunks, signal))
    },
    openUnsealed: (key, size) => readable('openUnsealed', () => inner.openUnsealed(key, size)),
    open: (key, range) => readable('open', () => inner.open(key, range)),
    seal: (key, size) => around(call('seal', true), () => inner.seal(key, size)),
    size: (key) => around(call('size', false), () => inner.size(key)),
    delete: (key) => around(call('delete', true), () => inner.delete(key)),
    keys: () => inner.keys(),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

/** The chunks as they come, each of them a call of its own: so that a fault leaves a part of them written. */
async function* wrapChunks<T>(chunks: AsyncIterable<T>, call: StoreCall, around: Around): AsyncGenerator<T> {
  for await (const chunk of chunks) yield await around(call, () => Promise.resolve(chunk))
}
