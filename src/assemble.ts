import { lookup } from 'node:dns/promises'
import type { Server as HttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'

import { type Logger, pino } from 'pino'

import { type AccessKey, AccessKeys } from './auth/access-keys.ts'
import { Authenticator } from './auth/authenticator.ts'
import { ensureFirstAccount } from './auth/first-start.ts'
import { Identities } from './auth/identities.ts'
import { SecretBox } from './auth/secret-box.ts'
import { SigningKeys } from './auth/signing-keys.ts'
import { Tokens } from './auth/tokens.ts'
import type { Config } from './config/config.ts'
import { parseConfig } from './config/parse-config.ts'
import {
  type CertificateFiles,
  type CertificatePair,
  CertificateReloader,
  loadCertificate,
} from './http/certificate.ts'
import { Health } from './http/health.ts'
import type { Metrics } from './http/metrics.ts'
import { Quirks } from './http/oci/quirks.ts'
import { Origin } from './http/origin.ts'
import { RateLimits } from './http/rate-limits.ts'
import { createServer } from './http/server.ts'
import { TrustedProxies } from './http/trusted-proxies.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { repeat } from './lib/repeat.ts'
import { Registry } from './registry/registry.ts'
import { openStores, type Stores, type SyncObserver } from './stores.ts'

export type { Stores }

/** What is left of a pass of the sweep waits this long for the next. */
const sweepPauseMs = 5_000
/** And what is left of the garbage collector's. */
const collectPauseMs = 5_000
/** How soon a certificate that was renewed is noticed. */
const certificatePauseMs = 1_000
/** How long requests in progress have to end once the server is told to stop. */
const stopMsMax = 30_000

/** A registry with its doors. Dispose of it to stop: requests in progress end first, then the stores are closed. */
export interface App extends AsyncDisposable {
  /** Start answering. Resolves with the URL, without a slash at its end. */
  listen(): Promise<string>
  /** Say from now on, at `/health/ready`, that no more requests should come. They are answered all the same. */
  announceStop(): void
  /** Refuse changes, or take them again. */
  setReadOnly(isReadOnly: boolean): void
  readonly isReadOnly: boolean
  /** Read the certificate's files again now, rather than soon after they change. Without TLS, nothing. */
  reloadCertificate(): Promise<void>
  /** The same verbs as behind the doors, without HTTP. */
  readonly registry: Registry
  /** Accounts, users, keys and policies, as the command line manages them. */
  readonly identities: Identities
  /** The administrator's access key, when this start made one: it cannot be shown again. */
  readonly newAdminKey: AccessKey | undefined
}

/** Parts that a test puts in place of the usual ones. */
export interface Replacements {
  readonly clock?: Clock
  readonly stores?: (stores: Stores) => Stores
}

/** What an embedded registry is when nothing else is said: in memory, on a free port of the loopback address, silent. */
const embedded: Config = {
  ...parseConfig({}),
  listen: { host: '127.0.0.1', port: 0 },
  storage: { kind: 'memory' },
  log: 'silent',
  metrics: 'off',
}

/**
 * Put a registry together: open its stores, bring them up to date, and make its first account if it has none.
 * What `config` leaves out is as for an embedded registry: memory, a free loopback port, no log.
 */
export async function createApp(config: Partial<Config> = {}, replacements: Replacements = {}): Promise<App> {
  const complete: Config = { ...embedded, ...config }
  const clock = replacements.clock ?? systemClock
  // Before anything is made that a failed start would leave behind, a key that is shown once above all.
  const certificate = complete.tls && (await loadCertificate(complete.tls))
  await using resources = new AsyncDisposableStack()
  const metrics = complete.metrics === 'off' ? undefined : await newMetrics()
  const onSync: SyncObserver | undefined = metrics && ((store, ms) => metrics.countSync(store, ms))
  const opened = await openStores(complete.storage, complete.secretKey, resources, onSync)
  const { metadata, blobs, secretKey, requireWritable } = replacements.stores?.(opened) ?? opened

  const box = new SecretBox(secretKey)
  const accessKeys = new AccessKeys({ metadata, box })
  const newAdminKey = await ensureFirstAccount(
    { metadata, accessKeys, clock },
    { accountId: complete.account.id, alias: complete.account.alias, adminKey: complete.account.adminKey },
  )
  const signingKeys = new SigningKeys({ metadata, box, clock })
  await signingKeys.ensure()
  const tokens = new Tokens({ signingKeys, clock })
  const registry = new Registry({ metadata, blobs, limits: complete.limits, clock })
  registry.access.isReadOnly = complete.isReadOnly
  metrics?.watchQueues(metadata.view, clock)
  metrics?.watchReadOnly(() => registry.access.isReadOnly)
  const health = new Health({ requireWritable })
  const logger = pino({ level: complete.log, base: null })
  resources.use(
    repeat(() => sweep(registry), {
      pauseMs: sweepPauseMs,
      onError: (err) => logger.error({ err }, 'a sweep failed; the next one goes on'),
    }),
  )
  resources.use(
    repeat(() => collect(registry, metrics), {
      pauseMs: collectPauseMs,
      onError: (err) => logger.error({ err }, 'a pass of the garbage collector failed; the next one goes on'),
    }),
  )
  const proxies = new TrustedProxies(complete.trustedProxies)
  const server = createServer({
    registry,
    tokens,
    authenticator: new Authenticator({ accessKeys, tokens }),
    origin: new Origin({ publicUrl: complete.publicUrl, proxies }),
    proxies,
    certificate,
    limits: complete.http,
    rateLimits: new RateLimits({ rates: complete.rates, clock }),
    quirks: new Quirks(complete.quirks),
    clock,
    logger,
    health,
    metrics: metrics && { of: metrics, audience: complete.metrics === 'all' ? 'all' : 'loopback' },
  })
  resources.defer(async () => {
    // A client that never finishes must not keep us from stopping.
    const timer = setTimeout(() => server.server.closeAllConnections(), stopMsMax)
    await server.close()
    clearTimeout(timer)
  })
  const reloader = complete.tls && certificate && reloaderFor(server.server, complete.tls, certificate, logger)
  if (reloader) {
    resources.use(
      repeat(() => reloader.reloadIfChanged(), {
        pauseMs: certificatePauseMs,
        onError: (err) => logger.error({ err }, 'the certificate could not be looked at'),
      }),
    )
  }
  const held = resources.move()
  return {
    registry,
    identities: new Identities({ metadata, accessKeys, signingKeys, clock }),
    newAdminKey,
    async listen() {
      await server.listen(certificate ? await oneAddress(complete.listen) : complete.listen)
      const { address, port, family } = server.server.address() as AddressInfo
      return `${certificate ? 'https' : 'http'}://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    },
    announceStop: () => health.stop(),
    setReadOnly(isReadOnly) {
      registry.access.isReadOnly = isReadOnly
      logger.warn(isReadOnly ? 'changes are refused from now on' : 'changes are taken again')
    },
    get isReadOnly() {
      return registry.access.isReadOnly
    },
    async reloadCertificate() {
      await reloader?.reload()
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

/** Loaded only where it is wanted. */
async function newMetrics(): Promise<Metrics> {
  const { Metrics } = await import('./http/metrics.ts')
  return new Metrics()
}

/** Nobody asked for what the sweep and the collector do, so that they can wait until changes are taken again. */
async function sweep({ sweep, access }: Registry): Promise<void> {
  if (!access.isReadOnly) await sweep.passUntilDone()
}

async function collect({ collector, access }: Registry, metrics: Metrics | undefined): Promise<void> {
  while (!access.isReadOnly) {
    const items = await collector.pass()
    if (items.length === 0) return
    metrics?.countCollected(items)
  }
}

function reloaderFor(server: unknown, files: CertificateFiles, loaded: CertificatePair, logger: Logger) {
  return new CertificateReloader({ files, loaded, server: server as HttpsServer, logger })
}

/** Fastify has a server for each address of `localhost`, of which only the first would be given a new certificate. */
async function oneAddress({ host, port }: Config['listen']): Promise<Config['listen']> {
  return { host: (await lookup(host)).address, port }
}
