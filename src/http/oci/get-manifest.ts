import { isRefusal, refuse } from '../../errors.ts'
import type { RepositoryAddress } from '../../metadata/metadata-store.ts'
import { parseReference, type Reference } from '../../oci/reference.ts'
import { factsOf } from '../../registry/address.ts'
import { isUnchanged } from './conditions.ts'
import { type OciHandler, repositoryIn } from './exchange.ts'

/**
 * `GET` and `HEAD /v2/<name>/manifests/<reference>`: the very bytes that were pushed, under the media type they were
 * pushed with, whatever the client would accept. Nothing is ever converted.
 */
export const getManifest: OciHandler = async (exchange) => {
  const { address } = repositoryIn(exchange)
  const reference = parseReadReference(address, exchange.parameters.last)
  const manifest = await exchange.registry.manifests.get(exchange.call, address, reference)
  const headers = { 'docker-content-digest': manifest.digest, etag: `"${manifest.digest}"` }
  if (isUnchanged(exchange.request, manifest.digest)) return { status: 304, headers }
  return {
    status: 200,
    headers: {
      'content-type': manifest.mediaType,
      'content-length': String(manifest.payload.length),
      ...headers,
    },
    ...(exchange.request.method === 'GET' && { body: manifest.payload }),
  }
}

/** What cannot be a tag is one that is not there: asking for it is no mistake, but pushing to it is. */
function parseReadReference(address: RepositoryAddress, text: string): Reference {
  try {
    return parseReference(text)
  } catch (error) {
    if (!isRefusal(error, 'TagInvalid')) throw error
    throw refuse('ImageUnknown', { ...factsOf(address), digest: undefined, tag: error.facts.tag }, { cause: error })
  }
}
