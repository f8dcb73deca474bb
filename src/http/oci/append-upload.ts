import { type OciHandler, repositoryIn } from './exchange.ts'
import { uploadAnswer } from './upload-answer.ts'
import { chunkIn } from './upload-chunk.ts'

/** `PATCH /v2/<name>/blobs/uploads/<upload>`: add the body, of known length or not, to an upload. */
export const appendUpload: OciHandler = async (exchange) => {
  const { registry, call, parameters, request } = exchange
  const { image, address } = repositoryIn(exchange)
  const upload = await registry.uploads.append(call, { ...address, upload: parameters.last }, chunkIn(request))
  return uploadAnswer(202, image, upload)
}
