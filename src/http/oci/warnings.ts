import { mediaTypes } from '../../oci/media-types.ts'

const understood: ReadonlySet<string> = new Set([
  ...[mediaTypes.ociManifest, mediaTypes.ociIndex, mediaTypes.ociArtifact],
  ...[mediaTypes.dockerManifest, mediaTypes.dockerManifestList],
])

/**
 * What the author of a manifest that was taken should know of it, as a Warning header; `undefined` for nothing. One at
 * most: the worst. Clients show it to people (OCI distribution-spec 1.1, "Warnings").
 */
export function warningOf(manifest: {
  /** From the request's Content-Type. */
  readonly declared: string | undefined
  readonly mediaType: string
}): string | undefined {
  const { declared, mediaType } = manifest
  if (!understood.has(mediaType)) {
    return warning(`${mediaType} is not understood here: what it refers to is not kept for its sake`)
  }
  if (mediaType === mediaTypes.ociArtifact) {
    return warning(`${mediaType} is not part of OCI 1.1: use ${mediaTypes.ociManifest} with an artifactType`)
  }
  if (declared === undefined) {
    return warning(`no Content-Type was sent: ${mediaType} was taken from the manifest, which others may not do`)
  }
  return undefined
}

/** The one form that there may be: code 299, no agent, no date. `text` is without quotes and backslashes. */
function warning(text: string): string {
  return `299 - "${text}"`
}
