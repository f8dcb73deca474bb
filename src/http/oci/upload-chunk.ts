import type { IncomingMessage } from 'node:http'

import { refuse } from '../../errors.ts'
import type { UploadChunk } from '../../registry/uploads.ts'
import { isClientGone, withoutDestroying } from '../request-body.ts'
import { header } from './exchange.ts'
import { parseChunkRange } from './range.ts'

/** The request's body as a chunk of an upload, with what its headers say of where it belongs and how long it is. */
export function chunkIn(request: IncomingMessage): UploadChunk {
  const range = parseChunkRange(header(request, 'content-range'))
  const body = {
    [Symbol.asyncIterator]: () => chunksOf(request),
    destroy: (reason?: Error) => request.destroy(reason),
  }
  if (!range) return { body }
  const bytes = range.end - range.start + 1
  const announced = request.headers['content-length']
  if (announced !== undefined && Number(announced) !== bytes) {
    throw refuse('RequestMalformed', {
      reason: `Content-Range speaks of ${bytes} bytes and Content-Length of ${announced}`,
    })
  }
  return { body, offset: range.start, bytes }
}

/** The body as it comes. Refuses `ClientGone` where it breaks off, which is no fault of ours. */
async function* chunksOf(request: IncomingMessage): AsyncGenerator<Uint8Array> {
  try {
    yield* withoutDestroying(request)
  } catch (error) {
    if (isClientGone(request, error)) throw refuse('ClientGone', { reason: 'the body broke off' }, { cause: error })
    throw error
  }
}
