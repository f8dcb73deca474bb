import type { IncomingMessage } from 'node:http'
import { finished } from 'node:stream/promises'

import { type RegistryError, refuse } from '../errors.ts'
import { defaultHttpLimits, type HttpLimits } from './limits.ts'

/**
 * Read a whole body into memory, within its limit: a length announced beyond it is refused before a byte is read, and a
 * body that turns out longer is refused at the byte that is too many. Refuses `ClientGone` for one that breaks off.
 */
export async function readBody(
  request: IncomingMessage,
  limit: { readonly bytesMax: number; readonly tooLarge: () => RegistryError },
): Promise<Buffer> {
  const announced = Number(request.headers['content-length'] ?? 0)
  if (announced > limit.bytesMax) throw limit.tooLarge()
  const chunks: Buffer[] = []
  let bytes = 0
  try {
    for await (const chunk of withoutDestroying(request)) {
      bytes += chunk.length
      if (bytes > limit.bytesMax) throw limit.tooLarge()
      chunks.push(chunk)
    }
  } catch (error) {
    if (isClientGone(request, error)) throw refuse('ClientGone', { reason: 'the body broke off' }, { cause: error })
    throw error
  }
  return chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks, bytes)
}

/**
 * The request's chunks. Left early, it leaves the request alone, where `for await` over a stream destroys it and its
 * connection: there is an answer to be sent yet.
 */
export function withoutDestroying(request: IncomingMessage): AsyncIterable<Buffer> {
  return request.iterator({ destroyOnReturn: false })
}

/** Whether an error is only the client's connection ending before its request was read, be it all there by then or not. */
export function isClientGone(request: IncomingMessage, error: unknown): boolean {
  return request.destroyed && !request.readableEnded && error instanceof Error && 'code' in error
}

export function hasBody(request: IncomingMessage): boolean {
  return request.headers['transfer-encoding'] !== undefined || Number(request.headers['content-length'] ?? 0) > 0
}

type UnwantedLimits = Pick<HttpLimits, 'unwantedBytesMax' | 'unwantedMsMax'>

/**
 * After an answer that was sent while the request's body was still coming: let the client finish or notice, then cut
 * the connection. Closing at once would reset it, and the client would see that instead of our answer.
 */
export function discardRest(request: IncomingMessage, limits: UnwantedLimits = defaultHttpLimits): void {
  if (isOver(request)) return
  void readRest(request, limits).then(() => {
    if (!request.complete) request.socket.destroy()
  })
}

/** How often it is looked how much has come. */
const pollMs = 100

/** Read on to the end of a request's body, or until the limits are reached. */
export async function readRest(request: IncomingMessage, limits: UnwantedLimits): Promise<void> {
  if (isOver(request)) return
  const { socket } = request
  const tooMany = new AbortController()
  const bytesMax = socket.bytesRead + limits.unwantedBytesMax
  const poll = setInterval(() => {
    if (socket.bytesRead > bytesMax) tooMany.abort()
  }, pollMs)
  request.resume()
  const signal = AbortSignal.any([tooMany.signal, AbortSignal.timeout(limits.unwantedMsMax)])
  // How it ended, `request.complete` tells.
  await finished(request, { signal }).catch(() => undefined)
  clearInterval(poll)
}

function isOver(request: IncomingMessage): boolean {
  return request.complete || request.destroyed
}
