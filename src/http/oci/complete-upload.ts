import { isRefusal } from '../../errors.ts'
import { type Digest, parseDigest } from '../../oci/digest.ts'
import { hasBody } from '../request-body.ts'
import { type OciExchange, type OciHandler, repositoryIn } from './exchange.ts'
import { blobCreated } from './upload-answer.ts'
import { chunkIn } from './upload-chunk.ts'

/** `PUT /v2/<name>/blobs/uploads/<upload>?digest=<digest>`: the last bytes, if any, and the blob is made. */
export const completeUpload: OciHandler = async (exchange) => {
  const { image, address } = repositoryIn(exchange)
  const digest = parseDigest(exchange.query.get('digest'))
  try {
    const blob = await exchange.registry.uploads.complete(
      exchange.call,
      { ...address, upload: exchange.parameters.last },
      { digests: [digest], ...(hasBody(exchange.request) && { rest: chunkIn(exchange.request) }) },
    )
    return blobCreated(image, blob.digest)
  } catch (error) {
    if (isRefusal(error, 'UploadUnknown') && (await isLinked(exchange, digest))) return blobCreated(image, digest)
    throw error
  }
}

/** Whether the blob is there already: a client whose first answer was lost asks again for what has been done. */
async function isLinked(exchange: OciExchange, digest: Digest): Promise<boolean> {
  const { address } = repositoryIn(exchange)
  return (await exchange.registry.blobs.listAvailable(exchange.call, address, [digest])).length > 0
}
