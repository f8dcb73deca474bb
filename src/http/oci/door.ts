import type { IncomingMessage } from 'node:http'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Authenticator } from '../../auth/authenticator.ts'
import { refuse } from '../../errors.ts'
import type { Clock } from '../../lib/clock.ts'
import type { Registry } from '../../registry/registry.ts'
import { callFrom } from '../call-from.ts'
import { asRefusal } from '../malformed.ts'
import type { Origin } from '../origin.ts'
import type { RateLimits } from '../rate-limits.ts'
import { describeOciError, ociErrorBody } from './errors.ts'
import type { OciAnswer } from './exchange.ts'
import type { Quirks } from './quirks.ts'
import { type Method, matchRoute, type RouteMatch } from './routes.ts'

export interface OciDoorParts {
  readonly registry: Registry
  readonly authenticator: Authenticator
  readonly origin: Origin
  readonly clock: Clock
  readonly rateLimits: RateLimits
  readonly quirks: Quirks
}

/**
 * On every answer. A manifest is served under whatever media type its author chose, `text/html` included, so no browser
 * may run or guess anything of it.
 */
const everyAnswer = {
  'docker-distribution-api-version': 'registry/2.0',
  'content-security-policy': 'sandbox',
  'x-content-type-options': 'nosniff',
}

/** The registry endpoint, `/v2/`: one wildcard route, its own table of endpoints behind it. */
export function addOciDoor(app: FastifyInstance, parts: OciDoorParts): void {
  app.register(async (scope) => {
    // Bodies are layers: handlers stream them, nothing buffers.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => done(null, payload))
    scope.setErrorHandler((error, request, reply) => sendError(asRefusal(error), request, reply, parts))
    const handler = async (request: FastifyRequest, reply: FastifyReply) => {
      reply.headers(everyAnswer)
      return send(reply, await answer(request, parts))
    }
    scope.all('/v2', handler)
    scope.all('/v2/*', handler)
  })
}

async function answer(request: FastifyRequest, parts: OciDoorParts): Promise<OciAnswer> {
  const { path, query } = splitUrl(request.raw)
  const route = matchRoute(path)
  if (!route) throw refuse('RouteUnknown', { path })
  const method = request.method as Method
  const handler = route.handlers[method]
  if (!handler) throw refuse('MethodUnsupported', { method: request.method, path })
  request.endpoint = `${method} ${route.endpoint}`
  const identity = await parts.authenticator.byAuthorization(request.headers.authorization)
  const call = callFrom(request, 'registry', identity, parts.clock())
  const counted = route.countsAs[method]
  if (counted) parts.rateLimits.count(call, counted)
  return parts.quirks.around(handler)({
    registry: parts.registry,
    call,
    parameters: route.parameters,
    query: new URLSearchParams(query),
    request: request.raw,
  })
}

function send(reply: FastifyReply, { status, headers, body }: OciAnswer): FastifyReply {
  reply.code(status)
  if (headers) reply.headers(headers)
  // Fastify adds a charset to the type of a string, and a manifest's media type is compared to the letter.
  return reply.send(typeof body === 'string' ? Buffer.from(body) : body)
}

function sendError(thrown: unknown, request: FastifyRequest, reply: FastifyReply, parts: OciDoorParts): FastifyReply {
  const error = parts.quirks.describe(thrown, 'v2')
  request.noteFailure(thrown, error.status)
  removeHeaders(reply)
  if (error.status === 401) reply.header('www-authenticate', challenge(request, parts))
  if (error.status === 405) reply.header('allow', allowedMethods(request))
  return reply
    .code(error.status)
    .type('application/json; charset=utf-8')
    .headers({ ...everyAnswer, ...error.headers })
    .send(request.method === 'HEAD' ? undefined : ociErrorBody(error))
}

/** What was said of a blob that then could not be read must not be said of the refusal: that it never changes, say. */
function removeHeaders(reply: FastifyReply): void {
  for (const name of Object.keys(reply.getHeaders())) {
    reply.removeHeader(name)
    reply.raw.removeHeader(name)
  }
}

/**
 * Answer a request that has no route because its path cannot be decoded: only behind `/v2/` are there paths with
 * anything in them to decode.
 */
export function sendUndecodable(thrown: unknown, reply: FastifyReply): void {
  const error = describeOciError(asRefusal(thrown))
  reply.code(error.status).headers(everyAnswer).type('application/json; charset=utf-8').send(ociErrorBody(error))
}

function allowedMethods(request: FastifyRequest): string {
  return Object.keys(matchRoute(splitUrl(request.raw).path)?.handlers ?? {}).join(', ')
}

/**
 * Where to get a token, and for what. The ping's scope is ECR's own; elsewhere it is the one the request needs, in the
 * form of the Docker token specification.
 */
function challenge(request: FastifyRequest, { origin, quirks }: OciDoorParts): string {
  const route = matchRoute(splitUrl(request.raw).path)
  const name = route?.parameters.name ?? ''
  const scope = /^[a-z0-9._/-]+$/.test(name) ? `repository:${name}:${scopeActionsOf(request.method, route)}` : 'aws'
  const realm = `${origin.urlFor(request.raw)}/token/`
  return `Bearer realm="${realm}",service="${origin.hostFor(request.raw)}",scope="${quirks.challengeScope(scope)}"`
}

function scopeActionsOf(method: string, route: RouteMatch | undefined): string {
  if (route?.isPush || method === 'POST' || method === 'PUT') return 'pull,push'
  return method === 'DELETE' ? 'delete' : 'pull'
}

function splitUrl(request: IncomingMessage): { path: string; query: string } {
  const url = request.url ?? ''
  const mark = url.indexOf('?')
  return mark < 0 ? { path: url, query: '' } : { path: url.slice(0, mark), query: url.slice(mark + 1) }
}
