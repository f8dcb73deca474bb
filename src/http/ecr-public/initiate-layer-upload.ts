import { z } from 'zod'

import { partBytesSuggested } from '../../registry/limits.ts'
import { operation, repositoryOf } from './operation.ts'
import { registryIdOrAlias, repositoryName } from './shapes.ts'

const input = z.object({ registryId: registryIdOrAlias.optional(), repositoryName })

export const initiateLayerUpload = operation(input, async (exchange, request) => {
  const upload = await exchange.registry.uploads.start(exchange.call, repositoryOf(exchange, request))
  return { uploadId: upload.id, partSize: partBytesSuggested }
})
