import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Health } from '../health.ts'
import type { Metrics } from '../metrics.ts'

/** Who may read the metrics: this machine only, or whoever reaches the port. */
export type MetricsAudience = 'loopback' | 'all'

export interface OperatorDoorParts {
  readonly health: Health
  readonly metrics: { readonly of: Metrics; readonly audience: MetricsAudience } | undefined
}

const everyAnswer = { 'cache-control': 'no-store' }

/** Asked every few seconds by something that is not a person: no lines in the log unless it fails. */
const logLevel = 'warn'

/** `/health/live`, `/health/ready` and `/metrics`: for load balancers, orchestrators and Prometheus. */
export function addOperatorDoor(app: FastifyInstance, { health, metrics }: OperatorDoorParts): void {
  const method = ['GET', 'HEAD'] as const
  app.route({
    ...{ method: [...method], url: '/health/live', logLevel },
    handler: (_request, reply) => reply.headers(everyAnswer).send({ status: 'live' }),
  })
  app.route({
    ...{ method: [...method], url: '/health/ready', logLevel },
    handler: async (_request, reply) => {
      const because = await health.notReady()
      reply.headers(everyAnswer)
      return because === undefined
        ? reply.send({ status: 'ready' })
        : reply.code(503).send({ status: 'not ready', because })
    },
  })
  if (!metrics) return
  app.get('/metrics', { logLevel }, (request, reply) =>
    metrics.audience === 'all' || isFromThisMachine(request) ? sendMetrics(reply, metrics.of) : reply.code(404).send(),
  )
}

async function sendMetrics(reply: FastifyReply, metrics: Metrics): Promise<FastifyReply> {
  return reply
    .headers(everyAnswer)
    .type(metrics.contentType)
    .send(await metrics.text())
}

const loopback = /^(?:::ffff:)?127\.|^::1$/

/** A request that a proxy on this machine passes on is not from this machine. */
function isFromThisMachine({ raw }: FastifyRequest): boolean {
  const { headers, socket } = raw
  const isPassedOn = ['forwarded', 'via', 'x-forwarded-for', 'x-real-ip'].some((name) => headers[name] !== undefined)
  return !isPassedOn && loopback.test(socket.remoteAddress ?? '')
}
