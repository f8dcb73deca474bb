import { BlobStoreUnavailable } from '../blobs/blob-store.ts'
import { MetadataStoreUnavailable } from '../metadata/metadata-store.ts'

/** What a client is told to wait when a store cannot serve, in seconds. */
export const retryAfterSeconds = 5

/** A store cannot serve now: neither the client's mistake nor a bug of ours. */
export function isUnavailable(thrown: unknown): boolean {
  return thrown instanceof BlobStoreUnavailable || thrown instanceof MetadataStoreUnavailable
}
