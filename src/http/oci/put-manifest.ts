import { refuse } from '../../errors.ts'
import { manifestBytesMax } from '../../oci/manifest.ts'
import { parseReference } from '../../oci/reference.ts'
import { readBody } from '../request-body.ts'
import { header, type OciHandler, pathOf, repositoryIn } from './exchange.ts'

/** `PUT /v2/<name>/manifests/<reference>`: the same verb as the API's PutImage. */
export const putManifest: OciHandler = async (exchange) => {
  const { registry, call, request, parameters } = exchange
  const { image, address } = repositoryIn(exchange)
  const reference = parseReference(parameters.last)
  const bytes = await readBody(request, {
    bytesMax: manifestBytesMax,
    tooLarge: () => refuse('ManifestTooLarge', { bytesMax: manifestBytesMax }),
  })
  const put = { bytes, mediaType: header(request, 'content-type') }
  const { digest } = await registry.manifests.put(
    call,
    address,
    reference.kind === 'tag' ? { ...put, tag: reference.tag } : { ...put, digest: reference.digest },
    { createsRepository: true },
  )
  return {
    status: 201,
    headers: {
      location: `${pathOf(image)}/manifests/${digest}`,
      'docker-content-digest': digest,
      'content-length': '0',
    },
  }
}
