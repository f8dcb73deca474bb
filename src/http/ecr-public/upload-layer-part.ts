import { z } from 'zod'

import { operation, repositoryOf } from './operation.ts'
import { layerPartBlob, partSize, registryIdOrAlias, repositoryName, uploadId } from './shapes.ts'

const input = z.object({
  registryId: registryIdOrAlias.optional(),
  repositoryName,
  uploadId,
  partFirstByte: partSize,
  partLastByte: partSize,
  layerPartBlob,
})

/** The largest part there may be, in base64, and its envelope: 28 MB, and some for those who escape its slashes. */
const bodyBytesMax = 30 * 1024 * 1024

/** Offsets are of bytes and inclusive: a first part of 10 MiB is 0 to 10,485,759. */
export const uploadLayerPart = operation(
  input,
  async (exchange, request) => {
    const { registry, call } = exchange
    const address = repositoryOf(exchange, request)
    const upload = await registry.uploads.append(
      call,
      { ...address, upload: request.uploadId.toLowerCase() },
      {
        body: inMemory(request.layerPartBlob),
        offset: request.partFirstByte,
        bytes: request.partLastByte - request.partFirstByte + 1,
      },
      { partsMax: registry.limits.partsMax },
    )
    return {
      registryId: upload.accountId,
      repositoryName: request.repositoryName,
      uploadId: upload.id,
      lastByteReceived: upload.offset - 1,
    }
  },
  { bodyBytesMax },
)

async function* inMemory(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes
}
