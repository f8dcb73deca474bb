import { parseReference } from '../../oci/reference.ts'
import { type OciHandler, repositoryIn } from './exchange.ts'

/**
 * `DELETE /v2/<name>/manifests/<reference>`: a digest takes the image away with all its tags; a tag only itself, and the
 * image stays to be pulled by digest (OCI distribution-spec 1.1, "Deleting tags").
 */
export const deleteManifest: OciHandler = async (exchange) => {
  const { registry, call, parameters } = exchange
  const { address } = repositoryIn(exchange)
  const reference = parseReference(parameters.last)
  const query = {
    digest: reference.kind === 'digest' ? reference.digest : undefined,
    tag: reference.kind === 'tag' ? reference.tag : undefined,
  }
  const { digest } = await registry.manifests.remove(call, address, query, { keepsUntagged: true })
  return { status: 202, headers: { 'docker-content-digest': digest, 'content-length': '0' } }
}
