import { parseDigest } from '../../oci/digest.ts'
import { mediaTypes } from '../../oci/media-types.ts'
import type { ReadableBlob } from '../../registry/blobs.ts'
import { isSameAsBefore, isUnchanged } from './conditions.ts'
import { header, type OciHandler, repositoryIn } from './exchange.ts'
import { contentRange, multipart } from './multipart.ts'
import { parseRanges } from './range.ts'

/** `GET /v2/<name>/blobs/<digest>`, whole or in part (RFC 9110 §14). */
export const getBlob: OciHandler = async (exchange) => {
  const { address } = repositoryIn(exchange)
  const blob = await exchange.registry.blobs.get(exchange.call, address, parseDigest(exchange.parameters.last))
  if (isUnchanged(exchange.request, blob.digest)) {
    const { etag, 'docker-content-digest': digest } = blobHeaders(blob)
    return { status: 304, headers: { etag, 'docker-content-digest': digest } }
  }
  const isPartWanted = isSameAsBefore(exchange.request, blob.digest)
  const ranges = isPartWanted ? parseRanges(header(exchange.request, 'range'), blob.bytes) : undefined
  if (!ranges) {
    return {
      status: 200,
      headers: { ...blobHeaders(blob), 'content-length': String(blob.bytes) },
      body: await blob.open(),
    }
  }
  if (ranges.length > 1) {
    const { headers, body } = multipart(blob, ranges, mediaTypes.octetStream)
    return { status: 206, headers: { ...blobHeaders(blob), ...headers }, body }
  }
  const range = ranges[0]!
  return {
    status: 206,
    headers: {
      ...blobHeaders(blob),
      'content-length': String(range.end - range.start + 1),
      'content-range': contentRange(range, blob.bytes),
    },
    body: await blob.open(range),
  }
}

export function blobHeaders(blob: ReadableBlob) {
  return {
    'content-type': mediaTypes.octetStream,
    'docker-content-digest': blob.digest,
    'accept-ranges': 'bytes',
    // A digest names its content for ever.
    etag: `"${blob.digest}"`,
    'cache-control': 'max-age=31536000, immutable',
  }
}
