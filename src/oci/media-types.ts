import { refuse } from '../errors.ts'

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  /** Withdrawn before OCI 1.1 was final, but artifacts in this form exist and are still pushed. */
  ociArtifact: 'application/vnd.oci.artifact.manifest.v1+json',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  octetStream: 'application/octet-stream',
} as const

/** Layers that by their type are fetched from elsewhere, so a registry need not hold them. */
export function isNonDistributable(mediaType: string): boolean {
  return (
    mediaType.startsWith('application/vnd.oci.image.layer.nondistributable.v1.') ||
    mediaType.startsWith('application/vnd.docker.image.rootfs.foreign.')
  )
}

export const mediaTypeLengthMax = 255

/** RFC 6838 §4.2: type and subtype of restricted characters, each at most 127 long. */
const GRAMMAR = /^[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}$/

/** The media type without its parameters (`; charset=utf-8` and the like). Refuses `MediaTypeInvalid`. */
export function parseMediaType(text: string): string {
  const semicolon = text.indexOf(';')
  const essence = (semicolon < 0 ? text : text.slice(0, semicolon)).trim()
  if (!GRAMMAR.test(essence)) {
    throw refuse('MediaTypeInvalid', { mediaType: text.slice(0, mediaTypeLengthMax), reason: 'not a media type' })
  }
  return essence
}
