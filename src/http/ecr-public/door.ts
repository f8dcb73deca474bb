import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Authenticator } from '../../auth/authenticator.ts'
import type { Tokens } from '../../auth/tokens.ts'
import { refuse } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import { invariant } from '../../lib/invariant.ts'
import type { Registry } from '../../registry/registry.ts'
import { callFrom } from '../call-from.ts'
import { asRefusal } from '../malformed.ts'
import type { Origin } from '../origin.ts'
import type { RateLimits } from '../rate-limits.ts'
import { discardRest, readBody } from '../request-body.ts'
import { signedRequestOf } from '../signed-request.ts'
import { retryAfterSeconds } from '../unavailable.ts'
import { describeEcrPublicError } from './errors.ts'
import type { Operation } from './operation.ts'
import { findOperation } from './operations.ts'

const contentType = 'application/x-amz-json-1.1'

/** What requests are signed for: the signing name of the service. */
const service = 'ecr-public'

export interface EcrPublicDoorParts {
  readonly registry: Registry
  readonly authenticator: Authenticator
  readonly tokens: Tokens
  readonly origin: Origin
  readonly clock: Clock
  readonly rateLimits: RateLimits
}

/** The ECR Public API: AWS JSON 1.1 on `POST /`, the operation in `X-Amz-Target`, signed with SigV4. */
export function addEcrPublicDoor(app: FastifyInstance, parts: EcrPublicDoorParts): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.setErrorHandler((error, request, reply) => sendError(asRefusal(error), request, reply))
    scope.post('/', async (request, reply) => {
      const output = await answer(request, parts)
      return reply.headers({ 'x-amzn-requestid': request.id, 'content-type': contentType }).send(jsonBytes(output))
    })
  })
}

async function answer(request: FastifyRequest, parts: EcrPublicDoorParts): Promise<object> {
  const { name, operation } = findOperation(request.headers['x-amz-target'])
  request.operation = name
  const now = parts.clock()
  const { identity, body } = await parts.authenticator.bySignature(
    signedRequestOf(request),
    () => readInput(request, operation),
    { service, now },
  )
  const { principal, accessKeyId } = identity
  invariant(principal.kind === 'user' && accessKeyId !== undefined, 'a signature names a user and a key')
  const call = callFrom(request, 'api', identity, now)
  parts.rateLimits.count(call, name)
  return operation.run(
    {
      registry: parts.registry,
      tokens: parts.tokens,
      call,
      accountId: principal.accountId,
      accessKeyId,
      host: parts.origin.hostFor(request.raw),
      url: parts.origin.urlFor(request.raw),
    },
    body,
  )
}

function readInput(request: FastifyRequest, { bodyBytesMax }: Operation): Promise<Buffer> {
  return readBody(request.raw, {
    bytesMax: bodyBytesMax,
    tooLarge: () => refuse('BodyTooLarge', { bytesMax: bodyBytesMax }),
  })
}

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const { status, type, message, members } = describeEcrPublicError(thrown)
  request.noteFailure(thrown, status)
  discardRest(request.raw)
  if (status === 503) reply.header('retry-after', String(retryAfterSeconds))
  // botocore and paws read `__type`, JS also, Java the header.
  return reply
    .code(status)
    .headers({ 'x-amzn-requestid': request.id, 'x-amzn-errortype': type, 'content-type': contentType })
    .send(jsonBytes({ __type: type, ...members, message }))
}

/** As bytes: to a string, Fastify would add a `charset` that AWS's content type does not have. */
function jsonBytes(value: object): Buffer {
  return Buffer.from(JSON.stringify(value))
}
