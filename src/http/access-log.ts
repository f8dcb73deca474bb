import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import { RegistryError } from '../errors.ts'
import { nameOfPrincipal, type Principal } from '../iam/principal.ts'
import { isUnavailable } from './unavailable.ts'

declare module 'fastify' {
  interface FastifyRequest {
    /** Who the request turned out to come from, for the log. */
    principal: Principal | undefined
    /** What was asked for, where the path does not say. */
    operation: string | undefined
    /** Which of a door's endpoints was asked for, without names and digests, for the metrics: `PUT /manifests/*`. */
    endpoint: string | undefined
    /** The refusal's code, or `internal`, for the log. */
    failure: string | undefined
    /** Keep what was thrown for the log line; anything that is our own fault is logged whole, once, here. */
    noteFailure(thrown: unknown, status: number): void
  }
}

/** One line of JSON for each request, when it is over. Credentials and bodies are never in it. */
export function addAccessLog(app: FastifyInstance): void {
  app.decorateRequest('principal', undefined)
  app.decorateRequest('operation', undefined)
  app.decorateRequest('endpoint', undefined)
  app.decorateRequest('failure', undefined)
  app.decorateRequest('noteFailure', function (this: FastifyRequest, thrown: unknown, status: number) {
    this.failure = thrown instanceof RegistryError ? thrown.code : isUnavailable(thrown) ? 'unavailable' : 'internal'
    if (status >= 500) this.log.error({ err: thrown }, 'request failed')
  })
  app.addHook('onRequest', (request, reply, done) => {
    // Not at the answer's end: the connection may end before it, and a request without a line is hard to find.
    reply.raw.once('close', () => logRequest(request, reply))
    done()
  })
}

/** Of a client that did not wait for its answer: `ClientGone`, and no status unless the answer had begun. */
function logRequest(request: FastifyRequest, reply: FastifyReply): void {
  const isCut = !reply.raw.writableFinished
  request.log.info({
    method: request.method,
    path: pathOf(request.raw.url),
    operation: request.operation,
    principal: request.principal && nameOfPrincipal(request.principal),
    status: isCut && !reply.raw.headersSent ? undefined : reply.statusCode,
    failure: request.failure ?? (isCut ? 'ClientGone' : undefined),
    ms: Math.round(reply.elapsedTime * 10) / 10,
  })
}

/** Without the query: a presigned request carries its signature there. */
function pathOf(url: string | undefined): string {
  return (url ?? '').split('?', 1)[0]!
}
