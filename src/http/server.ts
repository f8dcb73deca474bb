import { randomUUID } from 'node:crypto'

import fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'

import { addAccessLog } from './access-log.ts'
import type { CertificatePair } from './certificate.ts'
import { addEcrPublicDoor, type EcrPublicDoorParts } from './ecr-public/door.ts'
import type { HttpLimits } from './limits.ts'
import { addLogoDoor, type LogoDoorParts } from './logo/door.ts'
import { addOciDoor, type OciDoorParts, sendUndecodable } from './oci/door.ts'
import { addOperatorDoor, type OperatorDoorParts } from './operator/door.ts'
import { addTurns } from './pipelining.ts'
import { discardRest, readRest } from './request-body.ts'
import { addStsDoor, type StsDoorParts } from './sts/door.ts'
import { addTokenDoor, type TokenDoorParts } from './token/door.ts'
import type { TrustedProxies } from './trusted-proxies.ts'

/** Room for a token of ours in a header beside the others. */
const headerBytesMax = 32 * 1024
const urlLengthMax = 8 * 1024

export type ServerParts = OciDoorParts &
  TokenDoorParts &
  EcrPublicDoorParts &
  LogoDoorParts &
  StsDoorParts &
  OperatorDoorParts & {
    readonly logger: Logger
    readonly limits: HttpLimits
    readonly proxies: TrustedProxies
    /** What HTTPS is served with, in place of HTTP. */
    readonly certificate: CertificatePair | undefined
  }

/** Every door on one HTTP/1.1 server, not yet listening. docs/tls.md says why there is no HTTP/2. */
export function createServer(parts: ServerParts): FastifyInstance {
  const { limits, proxies, certificate } = parts
  const forNode = {
    headersTimeout: limits.headersMsMax,
    // What is overdue is looked for this often.
    connectionsCheckingInterval: limits.headersMsMax / 4,
    maxHeaderSize: headerBytesMax,
  }
  const app = fastify({
    loggerInstance: parts.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    connectionTimeout: limits.silenceMsMax,
    keepAliveTimeout: limits.keepAliveMs,
    // A push takes as long as it takes, so long as it goes on: `connectionTimeout` is what ends the others.
    requestTimeout: 0,
    ...(certificate
      ? { https: { ...forNode, ...certificate, handshakeTimeout: limits.headersMsMax } }
      : { http: forNode }),
    trustProxy: (address) => proxies.has(address),
    routerOptions: { maxParamLength: urlLengthMax },
    exposeHeadRoutes: false,
    frameworkErrors: (error, _request, reply) => sendUndecodable(error, reply),
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  }) as unknown as FastifyInstance
  addAccessLog(app)
  addTurns(app)
  parts.metrics?.of.watchRequests(app)
  // Where the connection ends with the answer, the rest of the body has to come before it: see `discardRest`.
  app.addHook('onSend', (request, reply, payload, done) => {
    if (reply.raw.shouldKeepAlive) done(null, payload)
    else void readRest(request.raw, limits).then(() => done(null, payload))
  })
  app.addHook('onResponse', (request, _reply, done) => {
    discardRest(request.raw, limits)
    done()
  })
  addOciDoor(app, parts)
  addTokenDoor(app, parts)
  addEcrPublicDoor(app, parts)
  addStsDoor(app, parts)
  addLogoDoor(app, parts)
  addOperatorDoor(app, parts)
  return app
}
