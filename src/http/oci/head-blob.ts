import { parseDigest } from '../../oci/digest.ts'
import { type OciHandler, repositoryIn } from './exchange.ts'
import { blobHeaders } from './get-blob.ts'

/** `HEAD /v2/<name>/blobs/<digest>`: answered from the database; no byte of the blob is touched. */
export const headBlob: OciHandler = async (exchange) => {
  const { address } = repositoryIn(exchange)
  const blob = await exchange.registry.blobs.get(exchange.call, address, parseDigest(exchange.parameters.last))
  return { status: 200, headers: { ...blobHeaders(blob), 'content-length': String(blob.bytes) } }
}
