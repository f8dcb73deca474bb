import type { Socket } from 'node:net'

import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry as Names } from 'prom-client'

import type { Clock } from '../lib/clock.ts'
import type { MetadataView } from '../metadata/metadata-store.ts'
import type { ReviewedItem } from '../registry/collect.ts'

const requestSeconds = [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300]
const syncSeconds = [0.0003, 0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3]
/** Counting what waits reads an index from end to end, so it is done this often at most. */
const queuesFreshMs = 15_000

/**
 * What is counted, for Prometheus. Labels have few values, all of them ours: no repository, tag, digest or user is ever
 * one, however many there are.
 */
export class Metrics {
  readonly #names = new Names()
  readonly #requests: Counter<'door' | 'operation' | 'status'>
  readonly #requestSeconds: Histogram<'door' | 'operation'>
  readonly #bytes: Counter<'door' | 'direction'>
  readonly #syncSeconds: Histogram<'store'>
  readonly #collected: Counter<'kind'>
  readonly #collectedBytes: Counter
  readonly #seen = new WeakMap<Socket, { readonly received: number; readonly sent: number }>()

  constructor() {
    const registers = [this.#names]
    collectDefaultMetrics({ register: this.#names })
    this.#requests = new Counter({
      ...{ name: 'waybill_http_requests_total', help: 'Requests that are over', registers },
      labelNames: ['door', 'operation', 'status'],
    })
    this.#requestSeconds = new Histogram({
      ...{ name: 'waybill_http_request_seconds', help: 'How long requests took, to their last byte', registers },
      ...{ labelNames: ['door', 'operation'], buckets: requestSeconds },
    })
    this.#bytes = new Counter({
      ...{ name: 'waybill_http_bytes_total', help: 'Bytes of requests that are over, headers included', registers },
      labelNames: ['door', 'direction'],
    })
    this.#syncSeconds = new Histogram({
      ...{ name: 'waybill_sync_seconds', help: 'How long syncs to the disk took', registers },
      ...{ labelNames: ['store'], buckets: syncSeconds },
    })
    this.#collected = new Counter({
      ...{ name: 'waybill_collected_total', help: 'What the garbage collector took away', registers },
      labelNames: ['kind'],
    })
    this.#collectedBytes = new Counter({
      ...{ name: 'waybill_collected_bytes_total', help: 'Bytes that the garbage collector freed', registers },
    })
  }

  /** Show how much is waiting in the database. */
  watchQueues(view: MetadataView, clock: Clock): void {
    const registers = [this.#names]
    const labelNames = ['kind'] as const
    const counts = keptFresh(queuesFreshMs, async () => ({
      reviews: await view.reviews.summarize(clock()),
      uploads: await view.uploads.count(),
      discards: await view.discards.count(),
    }))
    new Gauge({
      ...{ name: 'waybill_reviews', help: 'What may be garbage', labelNames, registers },
      async collect() {
        this.reset()
        for (const { kind, count } of (await counts()).reviews) this.set({ kind }, count)
      },
    })
    new Gauge({
      ...{ name: 'waybill_reviews_due', help: 'What may be garbage and is to be looked at now', labelNames, registers },
      async collect() {
        this.reset()
        for (const { kind, dueCount } of (await counts()).reviews) this.set({ kind }, dueCount)
      },
    })
    new Gauge({
      ...{ name: 'waybill_uploads', help: 'Uploads in progress', registers },
      async collect() {
        this.set((await counts()).uploads)
      },
    })
    new Gauge({
      ...{ name: 'waybill_discards', help: 'Objects that are to be deleted', registers },
      async collect() {
        this.set((await counts()).discards)
      },
    })
  }

  /** Show whether changes are refused. */
  watchReadOnly(isReadOnly: () => boolean): void {
    new Gauge({
      ...{ name: 'waybill_read_only', help: '1 while pushes are refused', registers: [this.#names] },
      collect() {
        this.set(isReadOnly() ? 1 : 0)
      },
    })
  }

  /** Count every request of a server. */
  watchRequests(app: FastifyInstance): void {
    app.addHook('onRequest', (request, reply, done) => {
      const startedAt = performance.now()
      reply.raw.once('close', () => this.#countRequest(request, reply, performance.now() - startedAt))
      done()
    })
  }

  countSync(store: 'metadata' | 'blobs', ms: number): void {
    this.#syncSeconds.observe({ store }, ms / 1000)
  }

  countCollected(items: readonly ReviewedItem[]): void {
    for (const { review, verdict, bytes } of items) {
      if (verdict.kind !== 'collect') continue
      this.#collected.inc({ kind: review.kind })
      this.#collectedBytes.inc(bytes)
    }
  }

  get contentType(): string {
    return this.#names.contentType
  }

  /** All of it, in Prometheus's text format. */
  text(): Promise<string> {
    return this.#names.metrics()
  }

  #countRequest(request: FastifyRequest, reply: FastifyReply, ms: number): void {
    const door = doorOf(request)
    const operation = request.operation ?? request.endpoint ?? ''
    // Who went before there was an answer was told nothing.
    const status = reply.raw.headersSent ? String(reply.statusCode) : 'none'
    this.#requests.inc({ door, operation, status })
    this.#requestSeconds.observe({ door, operation }, ms / 1000)
    const { socket } = request.raw
    const { received, sent } = this.#seen.get(socket) ?? { received: 0, sent: 0 }
    this.#bytes.inc({ door, direction: 'in' }, Math.max(0, socket.bytesRead - received))
    this.#bytes.inc({ door, direction: 'out' }, Math.max(0, socket.bytesWritten - sent))
    this.#seen.set(socket, { received: socket.bytesRead, sent: socket.bytesWritten })
  }
}

/** By the route, of which there are few, and never by the path. */
function doorOf({ routeOptions, method }: FastifyRequest): string {
  const route = routeOptions.url ?? ''
  if (route.startsWith('/v2')) return 'registry'
  if (route.startsWith('/token')) return 'token'
  if (route.startsWith('/health') || route === '/metrics') return 'operator'
  if (route === '/' && method === 'POST') return 'api'
  return route === '' ? 'none' : 'web'
}

/** The same answer to all who ask within `freshMs`. One that fails is not kept. */
function keptFresh<T>(freshMs: number, ask: () => Promise<T>): () => Promise<T> {
  let kept: { readonly answer: Promise<T>; readonly until: number } | undefined
  return async () => {
    if (!kept || performance.now() > kept.until) kept = { answer: ask(), until: performance.now() + freshMs }
    try {
      return await kept.answer
    } catch (error) {
      kept = undefined
      throw error
    }
  }
}
