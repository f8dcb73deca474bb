import { randomUUID } from 'node:crypto'

import fastify, { type FastifyInstance, LogController } from 'fastify'
import type { Logger } from 'pino'

import { addAccessLog } from './access-log.ts'
import { addEcrPublicDoor, type EcrPublicDoorParts } from './ecr-public/door.ts'
import { addLogoDoor, type LogoDoorParts } from './logo/door.ts'
import { addOciDoor, type OciDoorParts } from './oci/door.ts'
import { addStsDoor, type StsDoorParts } from './sts/door.ts'
import { addTokenDoor, type TokenDoorParts } from './token/door.ts'

/** A connection on which nothing moves for this long, in either direction, is closed. */
const silenceMsMax = 120_000
/** Longer than load balancers and clients keep idle connections, so that it is they who close, and never mid-request. */
const keepAliveMs = 150_000
const headersMs = 60_000
/** Room for a token of ours in a header beside the others. */
const headerBytesMax = 32 * 1024
const urlLengthMax = 8 * 1024

export type ServerParts = OciDoorParts &
  TokenDoorParts &
  EcrPublicDoorParts &
  LogoDoorParts &
  StsDoorParts & { readonly logger: Logger }

/** Every door on one HTTP server, not yet listening. */
export function createServer(parts: ServerParts): FastifyInstance {
  const app = fastify({
    loggerInstance: parts.logger,
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: 'requestId' }),
    genReqId: () => randomUUID(),
    connectionTimeout: silenceMsMax,
    keepAliveTimeout: keepAliveMs,
    // A push takes as long as it takes, so long as it goes on: `connectionTimeout` is what ends the others.
    requestTimeout: 0,
    http: { headersTimeout: headersMs, maxHeaderSize: headerBytesMax },
    routerOptions: { maxParamLength: urlLengthMax },
    exposeHeadRoutes: false,
    forceCloseConnections: 'idle',
    return503OnClosing: false,
  }) as unknown as FastifyInstance
  addAccessLog(app)
  addOciDoor(app, parts)
  addTokenDoor(app, parts)
  addEcrPublicDoor(app, parts)
  addStsDoor(app, parts)
  addLogoDoor(app, parts)
  return app
}
