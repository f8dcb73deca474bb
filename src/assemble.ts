import { randomBytes } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import { pino } from 'pino'

import { type AccessKey, AccessKeys } from './auth/access-keys.ts'
import { Authenticator } from './auth/authenticator.ts'
import { ensureFirstAccount } from './auth/first-start.ts'
import { SecretBox, secretKeyBytes } from './auth/secret-box.ts'
import { loadSecretKey } from './auth/secret-key-file.ts'
import { Tokens } from './auth/tokens.ts'
import type { BlobStore } from './blobs/blob-store.ts'
import type { Config, Storage } from './config/config.ts'
import { parseConfig } from './config/parse-config.ts'
import { Origin } from './http/origin.ts'
import { createServer } from './http/server.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import { repeat } from './lib/repeat.ts'
import type { MetadataStore } from './metadata/metadata-store.ts'
import { Registry } from './registry/registry.ts'

/** What is left of a pass of the sweep waits this long for the next. */
const sweepPauseMs = 5_000
/** How long requests in progress have to end once the server is told to stop. */
const stopMsMax = 30_000

/** A registry with its doors. Dispose of it to stop: requests in progress end first, then the stores are closed. */
export interface App extends AsyncDisposable {
  /** Start answering. Resolves with the URL, without a slash at its end. */
  listen(): Promise<string>
  /** The same verbs as behind the doors, without HTTP. */
  readonly registry: Registry
  /** The administrator's access key, when this start made one: it cannot be shown again. */
  readonly newAdminKey: AccessKey | undefined
}

/** Where the bytes and the facts are kept, and the key that seals the secrets among them. */
export interface Stores {
  readonly metadata: MetadataStore
  readonly blobs: BlobStore
  readonly secretKey: Uint8Array
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
}

/**
 * Put a registry together: open its stores, bring them up to date, and make its first account if it has none.
 * What `config` leaves out is as for an embedded registry: memory, a free loopback port, no log.
 */
export async function createApp(config: Partial<Config> = {}, replacements: Replacements = {}): Promise<App> {
  const complete: Config = { ...embedded, ...config }
  const clock = replacements.clock ?? systemClock
  await using resources = new AsyncDisposableStack()
  const opened = await openStores(complete.storage, complete.secretKey, resources)
  const { metadata, blobs, secretKey } = replacements.stores?.(opened) ?? opened

  const box = new SecretBox(secretKey)
  const accessKeys = new AccessKeys({ metadata, box })
  const newAdminKey = await ensureFirstAccount(
    { metadata, accessKeys, clock },
    { accountId: complete.account.id, alias: complete.account.alias, adminKey: complete.account.adminKey },
  )
  const tokens = await Tokens.load({ metadata, box, clock })
  const registry = new Registry({ metadata, blobs, limits: complete.limits, clock })
  const logger = pino({ level: complete.log, base: null })
  resources.use(
    repeat(() => registry.sweep.passUntilDone(), {
      pauseMs: sweepPauseMs,
      onError: (err) => logger.error({ err }, 'a sweep failed; the next one goes on'),
    }),
  )
  const server = createServer({
    registry,
    tokens,
    authenticator: new Authenticator({ accessKeys, tokens }),
    origin: new Origin(complete.publicUrl),
    clock,
    logger,
  })
  resources.defer(async () => {
    // A client that never finishes must not keep us from stopping.
    const timer = setTimeout(() => server.server.closeAllConnections(), stopMsMax)
    await server.close()
    clearTimeout(timer)
  })
  const held = resources.move()
  return {
    registry,
    newAdminKey,
    async listen() {
      await server.listen(complete.listen)
      const { address, port, family } = server.server.address() as AddressInfo
      return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

/** The one place that knows every driver. Each is loaded only when it is used. */
async function openStores(
  storage: Storage,
  secretKey: Uint8Array | undefined,
  resources: AsyncDisposableStack,
): Promise<Stores> {
  const { SqliteMetadataStore } = await import('./metadata/sqlite/sqlite-metadata-store.ts')
  switch (storage.kind) {
    case 'memory': {
      const { MemoryBlobStore } = await import('./blobs/memory/memory-blob-store.ts')
      return {
        metadata: resources.use(SqliteMetadataStore.ephemeral()),
        blobs: resources.use(new MemoryBlobStore()),
        secretKey: secretKey ?? randomBytes(secretKeyBytes),
      }
    }
    case 'filesystem': {
      const { FilesystemBlobStore } = await import('./blobs/filesystem/filesystem-blob-store.ts')
      const { lockFolder } = await import('./metadata/sqlite/folder-lock.ts')
      await mkdir(storage.folder, { recursive: true, mode: 0o700 })
      resources.use(lockFolder(storage.folder))
      const key = secretKey ?? (await loadSecretKey(join(storage.folder, 'secret.key')))
      return {
        metadata: resources.use(await SqliteMetadataStore.open(join(storage.folder, 'waybill.db'))),
        blobs: resources.use(await FilesystemBlobStore.open(join(storage.folder, 'blobs'))),
        secretKey: key,
      }
    }
  }
}
