import { z } from 'zod'

import { refuse } from '../../errors.ts'
import { factsOf } from '../../registry/address.ts'
import { operation, repositoryOf } from './operation.ts'
import { layerDigests, registryIdOrAlias, repositoryName, uploadId } from './shapes.ts'

const input = z.object({ registryId: registryIdOrAlias.optional(), repositoryName, uploadId, layerDigests })

export const completeLayerUpload = operation(input, async (exchange, request) => {
  const { registry, call } = exchange
  const address = repositoryOf(exchange, request)
  const { digest, accountId, outcome } = await registry.uploads.complete(
    call,
    { ...address, upload: request.uploadId.toLowerCase() },
    { digests: request.layerDigests, partBytesMin: registry.limits.partBytesMin },
  )
  // The layer is there, whole and verified: clients take this error for success, as they do with ECR.
  if (outcome === 'linked') throw refuse('BlobExists', { ...factsOf(address), digest })
  return {
    registryId: accountId,
    repositoryName: request.repositoryName,
    uploadId: request.uploadId,
    layerDigest: digest,
  }
})
