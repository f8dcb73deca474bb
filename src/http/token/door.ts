import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Authenticator, Identity } from '../../auth/authenticator.ts'
import type { Tokens } from '../../auth/tokens.ts'
import { refuse } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Registry } from '../../registry/registry.ts'
import { callFrom } from '../call-from.ts'
import { asRefusal } from '../malformed.ts'
import { ociErrorBody } from '../oci/errors.ts'
import type { Quirks } from '../oci/quirks.ts'
import { readBody } from '../request-body.ts'
import { grantsFor, parseScopes } from './scopes.ts'

/** A bearer token lasts an hour, as ECR Public's do, and never longer than the credential it was bought with. */
const tokenMs = 60 * 60 * 1000

const formBytesMax = 64 * 1024

export interface TokenDoorParts {
  readonly registry: Registry
  readonly authenticator: Authenticator
  readonly tokens: Tokens
  readonly clock: Clock
  readonly quirks: Quirks
}

/**
 * `/token/`: where a challenge sends clients. GET with Basic, Bearer or nothing (Docker token specification), or POST
 * of a form with `grant_type=password` (Docker's OAuth 2.0 variant). There is never a `refresh_token`: one makes a
 * later `skopeo login` fail.
 */
export function addTokenDoor(app: FastifyInstance, parts: TokenDoorParts): void {
  app.register(async (scope) => {
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.setErrorHandler((error, request, reply) => sendError(asRefusal(error), request, reply, parts))
    for (const url of ['/token', '/token/']) {
      scope.get(url, async (request, reply) => {
        const query = new URLSearchParams(request.raw.url?.split('?')[1] ?? '')
        const identity = await parts.authenticator.byAuthorization(request.headers.authorization)
        return sendToken(request, reply, parts, identity, query.getAll('scope'))
      })
      scope.post(url, async (request, reply) => {
        const form = await readForm(request)
        const identity = await identityIn(form, request, parts.authenticator)
        return sendToken(request, reply, parts, identity, form.getAll('scope'))
      })
    }
  })
}

async function sendToken(
  request: FastifyRequest,
  reply: FastifyReply,
  { registry, tokens, clock }: TokenDoorParts,
  identity: Identity,
  scopes: readonly string[],
): Promise<FastifyReply> {
  const now = clock()
  const call = callFrom(request, 'registry', identity, now)
  const expiresAt = Math.min(now + tokenMs, identity.expiresAt ?? Number.POSITIVE_INFINITY)
  const access = await grantsFor(registry, call, parseScopes(scopes))
  const token = await tokens.issue({ accessKeyId: identity.accessKeyId, access, expiresAt })
  return reply.header('cache-control', 'no-store').send({
    token,
    access_token: token,
    expires_in: Math.floor((expiresAt - now) / 1000),
    issued_at: new Date(now).toISOString(),
  })
}

async function identityIn(
  form: URLSearchParams,
  request: FastifyRequest,
  authenticator: Authenticator,
): Promise<Identity> {
  const grantType = form.get('grant_type')
  if (grantType === 'password') return authenticator.byPassword(form.get('username') ?? '', form.get('password') ?? '')
  if (grantType !== null)
    throw refuse('RequestMalformed', { reason: `grant_type ${grantType.slice(0, 50)} is not served` })
  return authenticator.byAuthorization(request.headers.authorization)
}

async function readForm(request: FastifyRequest): Promise<URLSearchParams> {
  const body = await readBody(request.raw, {
    bytesMax: formBytesMax,
    tooLarge: () => refuse('BodyTooLarge', { bytesMax: formBytesMax }),
  })
  return new URLSearchParams(body.toString('utf8'))
}

function sendError(
  thrown: unknown,
  request: FastifyRequest,
  reply: FastifyReply,
  { quirks }: TokenDoorParts,
): FastifyReply {
  const error = quirks.describe(thrown, 'token')
  request.noteFailure(thrown, error.status)
  if (error.status === 401) reply.header('www-authenticate', 'Basic realm="token"')
  return reply
    .code(error.status)
    .headers({ ...error.headers })
    .type('application/json; charset=utf-8')
    .send(ociErrorBody(error))
}
