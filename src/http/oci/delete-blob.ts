import { parseDigest } from '../../oci/digest.ts'
import { type OciHandler, repositoryIn } from './exchange.ts'

/** `DELETE /v2/<name>/blobs/<digest>`: the repository has the blob no more. One that an image needs stays. */
export const deleteBlob: OciHandler = async (exchange) => {
  const { address } = repositoryIn(exchange)
  const digest = parseDigest(exchange.parameters.last)
  await exchange.registry.blobs.remove(exchange.call, address, digest)
  return { status: 202, headers: { 'docker-content-digest': digest, 'content-length': '0' } }
}
