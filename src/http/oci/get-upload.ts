import { type OciHandler, repositoryIn } from './exchange.ts'
import { uploadAnswer } from './upload-answer.ts'

/** `GET /v2/<name>/blobs/uploads/<upload>`: how far an upload has come. */
export const getUpload: OciHandler = async (exchange) => {
  const { image, address } = repositoryIn(exchange)
  const upload = await exchange.registry.uploads.get(exchange.call, { ...address, upload: exchange.parameters.last })
  return uploadAnswer(204, image, upload)
}
