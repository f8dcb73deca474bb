import { parseReference } from '../../oci/reference.ts'
import { type OciHandler, repositoryIn } from './exchange.ts'

/**
 * `GET` and `HEAD /v2/<name>/manifests/<reference>`: the very bytes that were pushed, under the media type they were
 * pushed with, whatever the client would accept. Nothing is ever converted.
 */
export const getManifest: OciHandler = async (exchange) => {
  const { address } = repositoryIn(exchange)
  const reference = parseReference(exchange.parameters.last)
  const manifest = await exchange.registry.manifests.get(exchange.call, address, reference)
  return {
    status: 200,
    headers: {
      'content-type': manifest.mediaType,
      'content-length': String(manifest.payload.length),
      'docker-content-digest': manifest.digest,
      etag: `"${manifest.digest}"`,
    },
    ...(exchange.request.method === 'GET' && { body: manifest.payload }),
  }
}
