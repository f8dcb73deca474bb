import { isRefusal } from '../../errors.ts'
import type { ManifestRecord } from '../../metadata/metadata-store.ts'
import { parseDigest } from '../../oci/digest.ts'
import { readAnnotations } from '../../oci/manifest.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import { type OciHandler, pathOf, repositoryIn } from './exchange.ts'

/** Most descriptors in one answer, and most bytes of them: what clients are sure to take is a manifest of 4 MiB. */
const pageMax = 1_000
const pageBytesMax = 2 * 1024 * 1024

/**
 * `GET /v2/<name>/referrers/<digest>`: an index of the manifests whose subject is the digest, those of one
 * `artifactType` if the query says so. There is a Link to the next page where there is one.
 */
export const listReferrers: OciHandler = async (exchange) => {
  const { registry, call, query, parameters } = exchange
  const { image, address } = repositoryIn(exchange)
  const subject = parseDigest(parameters.last)
  const artifactType = query.get('artifactType') ?? undefined
  const last = query.get('last')
  const after = last === null ? undefined : parseDigest(last)
  const page = { after, limit: pageMax + 1 }
  const found = await orNone(registry.manifests.listReferrers(call, address, subject, artifactType, page))
  const manifests: object[] = []
  let bytes = 0
  for (const manifest of found.slice(0, pageMax)) {
    const descriptor = toDescriptor(manifest)
    bytes += JSON.stringify(descriptor).length
    if (bytes > pageBytesMax && manifests.length > 0) break
    manifests.push(descriptor)
  }
  const lastShown = found[manifests.length - 1]
  const next = new URLSearchParams({
    ...(artifactType !== undefined && { artifactType }),
    last: lastShown?.digest ?? '',
  })
  return {
    status: 200,
    headers: {
      'content-type': mediaTypes.ociIndex,
      ...(artifactType !== undefined && { 'oci-filters-applied': 'artifactType' }),
      ...(manifests.length < found.length && {
        link: `<${pathOf(image)}/referrers/${subject}?${next}>; rel="next"`,
      }),
    },
    body: JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests }),
  }
}

/**
 * A registry that has this endpoint never answers it with 404 (the specification again): by that clients tell whether
 * it has. Where there is no repository there are no referrers.
 */
async function orNone(referrers: Promise<ManifestRecord[]>): Promise<ManifestRecord[]> {
  try {
    return await referrers
  } catch (error) {
    if (isRefusal(error, 'RepositoryUnknown') || isRefusal(error, 'RegistryUnknown')) return []
    throw error
  }
}

function toDescriptor(manifest: ManifestRecord): object {
  const annotations = readAnnotations(manifest.payload)
  return {
    mediaType: manifest.mediaType,
    digest: manifest.digest,
    size: manifest.payload.length,
    ...(manifest.artifactType !== undefined && { artifactType: manifest.artifactType }),
    ...(annotations && { annotations }),
  }
}
