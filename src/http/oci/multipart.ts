import { randomUUID } from 'node:crypto'
import { Readable } from 'node:stream'

import type { ByteRange } from '../../blobs/blob-store.ts'
import type { ReadableBlob } from '../../registry/blobs.ts'

/**
 * Several ranges of a blob as one `multipart/byteranges` body (RFC 9110 §14.6). Each is opened when the one before has
 * been read, so that at most one is open, however many there are.
 */
export function multipart(blob: ReadableBlob, ranges: readonly ByteRange[], mediaType: string) {
  const boundary = randomUUID()
  const heads = ranges.map((range, i) =>
    Buffer.from(
      `${i > 0 ? '\r\n' : ''}--${boundary}\r\n` +
        `Content-Type: ${mediaType}\r\nContent-Range: ${contentRange(range, blob.bytes)}\r\n\r\n`,
    ),
  )
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`)
  const contentBytes = ranges.reduce((sum, { start, end }) => sum + end - start + 1, 0)
  const framingBytes = heads.reduce((sum, head) => sum + head.length, tail.length)

  async function* parts(): AsyncGenerator<Buffer> {
    for (const [i, range] of ranges.entries()) {
      // Opened first: while nothing has been sent, a store that cannot serve is an answer, and not a broken connection.
      const content = await blob.open(range)
      try {
        yield heads[i]!
        yield* content
      } finally {
        content.destroy()
      }
    }
    yield tail
  }

  return {
    headers: {
      'content-type': `multipart/byteranges; boundary=${boundary}`,
      'content-length': String(contentBytes + framingBytes),
    },
    body: Readable.from(parts(), { objectMode: false }),
  }
}

/** As in a Content-Range header. */
export function contentRange({ start, end }: ByteRange, bytes: number): string {
  return `bytes ${start}-${end}/${bytes}`
}
