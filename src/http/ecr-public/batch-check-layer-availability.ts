import { z } from 'zod'

import { type Digest, isDigest } from '../../oci/digest.ts'
import { operation, repositoryOf } from './operation.ts'
import { batchedLayerDigests, registryIdOrAlias, repositoryName } from './shapes.ts'

const input = z.object({
  registryId: registryIdOrAlias.optional(),
  repositoryName,
  layerDigests: batchedLayerDigests,
})

/**
 * Which of the layers the repository has. One it does not have is `UNAVAILABLE`, which is no failure: failures are for
 * what cannot be a layer's digest.
 */
export const batchCheckLayerAvailability = operation(input, async (exchange, { layerDigests, ...rest }) => {
  const asked = [...new Set(layerDigests)]
  const linked = await exchange.registry.blobs.listAvailable(
    exchange.call,
    repositoryOf(exchange, rest),
    asked.filter(isDigest),
  )
  const byDigest = new Map<string, (typeof linked)[number]>(linked.map((blob) => [blob.digest, blob]))
  const layers = asked.filter(isDigest).map((layerDigest: Digest) => {
    const blob = byDigest.get(layerDigest)
    if (!blob) return { layerDigest, layerAvailability: 'UNAVAILABLE' }
    const { bytes: layerSize, mediaType } = blob
    return { layerDigest, layerAvailability: 'AVAILABLE', layerSize, ...(mediaType !== undefined && { mediaType }) }
  })
  const failures = asked
    .filter((digest) => !isDigest(digest))
    .map((layerDigest) =>
      layerDigest === ''
        ? { layerDigest, failureCode: 'MissingLayerDigest', failureReason: 'Layer digest is missing' }
        : {
            layerDigest,
            failureCode: 'InvalidLayerDigest',
            failureReason: `Invalid layer digest: '${layerDigest}'`,
          },
    )
  return { layers, failures }
})
