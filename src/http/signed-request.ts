import type { FastifyRequest } from 'fastify'

import type { SignedRequest } from '../auth/sigv4.ts'

/** A request as SigV4 looks at it: nothing decoded, repeated headers apart. */
export function signedRequestOf(request: FastifyRequest): SignedRequest {
  const url = request.raw.url ?? ''
  const mark = url.indexOf('?')
  const [path, query] = mark < 0 ? [url, ''] : [url.slice(0, mark), url.slice(mark + 1)]
  return { method: request.method, path, query, headers: request.raw.headersDistinct }
}
