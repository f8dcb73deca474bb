import { isRefusal } from '../../errors.ts'
import { parseDigest } from '../../oci/digest.ts'
import { type ImageName, parseImageName } from '../../oci/repository-name.ts'
import { addressOf } from '../../registry/address.ts'
import { type OciExchange, type OciHandler, repositoryIn } from './exchange.ts'
import { blobCreated, uploadAnswer } from './upload-answer.ts'
import { chunkIn } from './upload-chunk.ts'

/**
 * `POST /v2/<name>/blobs/uploads/`: begin an upload. With `?digest=` the whole blob is in the body; with
 * `?mount=` another repository may have it, the one in `from` or any, and an upload begins only if that comes to nothing.
 */
export const startUpload: OciHandler = async (exchange) => {
  const { registry, call, query } = exchange
  const { image, address } = repositoryIn(exchange)
  const mounted = await mount(exchange, image)
  if (mounted) return mounted

  const digest = query.get('digest')
  if (digest === null) {
    return uploadAnswer(202, image, await registry.uploads.start(call, address, { createsRepository: true }))
  }

  const wanted = parseDigest(digest)
  const { id } = await registry.uploads.start(call, address, { createsRepository: true })
  const upload = { ...address, upload: id }
  try {
    await registry.uploads.complete(call, upload, { digests: [wanted], rest: chunkIn(exchange.request) })
  } catch (error) {
    // The client never learnt of this upload, so nobody can finish it. Should it not be given up here, the sweep will
    // find it idle: what the client is to hear is why there is no blob.
    await registry.uploads.abandon(call, upload).catch(() => undefined)
    throw error
  }
  return blobCreated(image, wanted)
}

async function mount({ registry, call, query }: OciExchange, image: ImageName) {
  const digest = query.get('mount')
  const from = query.get('from')
  if (digest === null || (from !== null && !isImageName(from))) return undefined
  const source = { digest: parseDigest(digest), from: from === null ? undefined : addressOf(parseImageName(from)) }
  const blob = await registry.blobs.mount(call, addressOf(image), source, { createsRepository: true })
  return blob && blobCreated(image, blob.digest)
}

/** What cannot be a name has no blobs, and is no reason to fail: the client can still upload. */
function isImageName(text: string): boolean {
  try {
    parseImageName(text)
    return true
  } catch (error) {
    if (isRefusal(error, 'NameInvalid')) return false
    throw error
  }
}
