import { refuse } from '../../errors.ts'
import { manifestBytesMax } from '../../oci/manifest.ts'
import { parseReference, parseTag } from '../../oci/reference.ts'
import { readBody } from '../request-body.ts'
import { header, type OciHandler, pathOf, repositoryIn } from './exchange.ts'
import { warningOf } from './warnings.ts'

/** Tags in one request, beside the one in the path. */
const tagParametersMax = 100

/**
 * `PUT /v2/<name>/manifests/<reference>`: the same verb as the API's PutImage. `?tag=`, repeated, adds tags in the same
 * transaction, as the next version of the specification has it.
 */
export const putManifest: OciHandler = async (exchange) => {
  const { registry, call, request, parameters } = exchange
  const { image, address } = repositoryIn(exchange)
  const reference = parseReference(parameters.last)
  const bytes = await readBody(request, {
    bytesMax: manifestBytesMax,
    tooLarge: () => refuse('ManifestTooLarge', { bytesMax: manifestBytesMax }),
  })
  const put = { bytes, mediaType: header(request, 'content-type') }
  const extraTags = exchange.query.getAll('tag').slice(0, tagParametersMax + 1)
  if (extraTags.length > tagParametersMax) {
    throw refuse('RequestMalformed', { reason: `more than ${tagParametersMax} tags in one request` })
  }
  const tags = [...(reference.kind === 'tag' ? [reference.tag] : []), ...extraTags.map(parseTag)]
  const { digest, mediaType, subject } = await registry.manifests.put(
    call,
    address,
    reference.kind === 'tag' ? { ...put, tags } : { ...put, tags, digest: reference.digest },
    { createsRepository: true },
  )
  const warning = warningOf({ declared: put.mediaType, mediaType })
  return {
    status: 201,
    headers: {
      location: `${pathOf(image)}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
      // Tells clients that this registry lists referrers itself, so that they keep no list of their own in a tag.
      ...(subject !== undefined && { 'oci-subject': subject }),
      ...(extraTags.length > 0 && { 'oci-tag': extraTags.join(', ') }),
      ...(warning !== undefined && { warning }),
    },
  }
}
