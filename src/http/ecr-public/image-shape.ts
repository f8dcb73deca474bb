import type { ManifestSummary } from '../../metadata/metadata-store.ts'

/** A `ReferencedImageDetail` of the service model, and the greater part of an `ImageDetail`. */
export function toReferencedImageShape(image: ManifestSummary) {
  return {
    imageDigest: image.digest,
    imageSizeInBytes: image.contentBytes,
    imagePushedAt: image.pushedAt / 1000,
    imageManifestMediaType: image.mediaType,
    ...(image.configMediaType !== undefined && { artifactMediaType: image.configMediaType }),
  }
}
