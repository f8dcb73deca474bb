import type { IncomingMessage } from 'node:http'

import type { Digest } from '../../oci/digest.ts'
import { header } from './exchange.ts'

/** Whether the client says that it has this very content: If-None-Match (RFC 9110 §13.1.2), the digest being the ETag. */
export function isUnchanged(request: IncomingMessage, digest: Digest): boolean {
  const condition = header(request, 'if-none-match')
  if (condition === undefined) return false
  if (condition.trim() === '*') return true
  return condition.split(',').some((tag) => tag.trim().replace(/^W\//, '') === `"${digest}"`)
}

/** Whether parts of this content are of use to the client: If-Range (RFC 9110 §13.1.5). Nothing here has a date. */
export function isSameAsBefore(request: IncomingMessage, digest: Digest): boolean {
  const condition = header(request, 'if-range')
  return condition === undefined || condition.trim() === `"${digest}"`
}
