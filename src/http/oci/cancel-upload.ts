import { type OciHandler, repositoryIn } from './exchange.ts'

/** `DELETE /v2/<name>/blobs/uploads/<upload>`: give an upload up. */
export const cancelUpload: OciHandler = async (exchange) => {
  const { address } = repositoryIn(exchange)
  await exchange.registry.uploads.abandon(exchange.call, { ...address, upload: exchange.parameters.last })
  return { status: 204 }
}
