import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Registry } from '../../registry/registry.ts'
import { logoRoute } from '../logo-url.ts'
import { isUnavailable, retryAfterSeconds } from '../unavailable.ts'

export interface LogoDoorParts {
  readonly registry: Registry
}

/** On every answer: the bytes came from a stranger. Nothing may be run of them, or taken for anything but a picture. */
const everyAnswer = {
  'content-security-policy': "sandbox; default-src 'none'",
  'x-content-type-options': 'nosniff',
}

/** `GET` and `HEAD /logo/<id>`: the pictures of the gallery, for everybody. A new one has a new id. */
export function addLogoDoor(app: FastifyInstance, { registry }: LogoDoorParts): void {
  app.register(async (scope) => {
    scope.setErrorHandler(sendError)
    scope.route<{ Params: { logoId: string } }>({
      method: ['GET', 'HEAD'],
      url: logoRoute,
      handler: (request, reply) => sendLogo(request, reply, registry, request.params.logoId),
    })
  })
}

async function sendLogo(
  request: FastifyRequest,
  reply: FastifyReply,
  registry: Registry,
  logoId: string,
): Promise<FastifyReply> {
  reply.headers(everyAnswer)
  const logo = await registry.catalog.findLogo(logoId)
  if (!logo) return reply.code(404).send()
  const etag = `"${logo.id}"`
  reply.headers({ etag, 'cache-control': 'public, max-age=31536000, immutable' })
  if (request.headers['if-none-match']?.includes(etag)) return reply.code(304).send()
  return reply.type(logo.mediaType).send(logo.bytes)
}

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const status = isUnavailable(thrown) ? 503 : 500
  request.noteFailure(thrown, status)
  if (status === 503) reply.header('retry-after', String(retryAfterSeconds))
  return reply.code(status).headers(everyAnswer).send()
}
