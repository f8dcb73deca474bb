import { type FileHandle, open } from 'node:fs/promises'
import { dirname, extname, join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { Worker } from 'node:worker_threads'

import type { Sql } from 'sql-template-tag'

import { GroupSync } from '../../lib/group-sync.ts'
import { invariant } from '../../lib/invariant.ts'
import { Turns } from '../../lib/turns.ts'
import {
  type MetadataStore,
  MetadataStoreUnavailable,
  type MetadataTransaction,
  type MetadataView,
} from '../metadata-store.ts'
import type { Row, SqlSession } from '../sql/session.ts'
import { SqlMetadata } from '../sql/sql-metadata.ts'
import { type ConnectionOptions, SqliteBusy, SqliteConnection } from './connection.ts'
import { migrate, requireNewest } from './migrate.ts'

/** How long a writer waits for another process's transaction (the command line's, say) before it gives up. */
const busyMsMax = 10_000
const busyRetryMs = 2

const walBytesSoft = 4 * 1024 * 1024
const walBytesHard = 64 * 1024 * 1024

/**
 * Metadata in one SQLite file.
 *
 * One connection writes, one transaction at a time; another reads, and sees what was committed last. A transaction is
 * committed with `synchronous=NORMAL`, which does not wait for the disk, and its answer is then held until one
 * `fdatasync` of the write-ahead log, off this thread and shared by all who wait, has covered it: thousands of durable
 * commits a second, and an event loop that never waits for a disk. Checkpoints run on a worker thread.
 */
export class SqliteMetadataStore implements MetadataStore {
  readonly view: MetadataView
  readonly #writer: SqliteConnection
  readonly #turns = new Turns()
  readonly #durability: Durability
  readonly #resources: AsyncDisposableStack
  #isClosed = false

  private constructor(parts: {
    writer: SqliteConnection
    readFrom: SqliteConnection
    durability: Durability
    resources: AsyncDisposableStack
  }) {
    this.#writer = parts.writer
    this.#durability = parts.durability
    this.#resources = parts.resources
    const reader = parts.readFrom
    // A connection that reads what it is writing must not look in the middle of a transaction.
    const turns = reader === parts.writer ? this.#turns : undefined
    this.view = new SqlMetadata({
      all: async (query) => (turns ? turns.run(() => reader.all(query)) : reader.all(query)),
      run: () => Promise.reject(new Error('a view does not write')),
    })
  }

  /**
   * Open, or create, the database at `path` and bring it to the newest schema. `onSync` is told how long each sync of the
   * log took, in milliseconds. @throws SchemaTooNew
   */
  static open(path: string, { onSync }: { readonly onSync?: (ms: number) => void } = {}): Promise<SqliteMetadataStore> {
    return SqliteMetadataStore.#open(path, migrate, {}, onSync)
  }

  /**
   * Open the database at `path` for a short-lived program, beside a server that may be running on it. It waits for locks
   * where a server would not, and leaves the schema alone. @throws SchemaTooNew, SchemaTooOld
   */
  static openBeside(path: string): Promise<SqliteMetadataStore> {
    return SqliteMetadataStore.#open(path, requireNewest, { busyMsMax })
  }

  static async #open(
    path: string,
    prepare: (connection: SqliteConnection) => void,
    options: ConnectionOptions,
    onSync: (ms: number) => void = () => undefined,
  ): Promise<SqliteMetadataStore> {
    await using resources = new AsyncDisposableStack()
    const writer = resources.use(new SqliteConnection(path, options))
    writer.execute('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL')
    prepare(writer)
    // From here on commits are made durable by `Durability`, and the log is emptied by the worker.
    writer.execute('PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 0; PRAGMA foreign_keys = ON')
    const reader = resources.use(new SqliteConnection(path, { ...options, readOnly: true }))
    for (const connection of [writer, reader]) {
      connection.execute('PRAGMA cache_size = -16384; PRAGMA temp_store = MEMORY')
    }
    reader.pragma('user_version') // brings the log file into being
    const durability = resources.use(await WalDurability.open(path, onSync))
    resources.use(startCheckpoints(path))
    return new SqliteMetadataStore({ writer, readFrom: reader, durability, resources: resources.move() })
  }

  /** A database in memory, gone when closed: for tests and for programs that embed a registry for a moment. */
  static ephemeral(): SqliteMetadataStore {
    const resources = new AsyncDisposableStack()
    const writer = resources.use(new SqliteConnection(':memory:'))
    writer.execute('PRAGMA foreign_keys = ON')
    migrate(writer)
    return new SqliteMetadataStore({ writer, readFrom: writer, durability: noDurability, resources })
  }

  /** @throws MetadataStoreUnavailable when nothing is written any more: it is closed, or a sync has failed */
  requireWritable(): void {
    if (this.#isClosed) throw new MetadataStoreUnavailable('the metadata store is closed')
    this.#durability.requireHealthy()
  }

  async write<T>(change: (tx: MetadataTransaction) => Promise<T>): Promise<T> {
    this.#durability.requireHealthy()
    try {
      return await this.#turns.run(() => this.#transaction(change))
    } finally {
      // Also after a refusal: "it exists already" must be as true after a power cut as it is now.
      await this.#durability.settled()
    }
  }

  async #transaction<T>(change: (tx: MetadataTransaction) => Promise<T>): Promise<T> {
    if (this.#isClosed) throw new MetadataStoreUnavailable('the metadata store is closed')
    await this.#begin()
    const session = new TransactionSession(this.#writer)
    try {
      const result = await change(new SqlMetadata(session))
      session.end()
      this.#writer.execute('COMMIT')
      if (session.hasChanges) this.#durability.committed()
      return result
    } catch (error) {
      session.end()
      if (this.#writer.isInTransaction) this.#writer.execute('ROLLBACK')
      throw error
    }
  }

  /** Take the write lock. Other processes hold it for milliseconds; we wait without stopping the event loop. */
  async #begin(): Promise<void> {
    const giveUpAt = performance.now() + busyMsMax
    for (;;) {
      try {
        this.#writer.execute('BEGIN IMMEDIATE')
        return
      } catch (error) {
        if (!(error instanceof SqliteBusy)) throw error
        if (performance.now() > giveUpAt) {
          throw new MetadataStoreUnavailable('another process holds the metadata database', { cause: error })
        }
      }
      await delay(busyRetryMs)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turns.run(() => {
      this.#isClosed = true
    })
    await this.#resources[Symbol.asyncDispose]()
  }
}

/** The writer's connection for the length of one transaction, and not a moment longer. */
class TransactionSession implements SqlSession {
  readonly #connection: SqliteConnection
  #isOver = false
  #changes = 0

  constructor(connection: SqliteConnection) {
    this.#connection = connection
  }

  async all(query: Sql): Promise<Row[]> {
    this.#requireOpen()
    return this.#connection.all(query)
  }

  async run(query: Sql): Promise<number> {
    this.#requireOpen()
    const changes = this.#connection.run(query)
    this.#changes += changes
    return changes
  }

  get hasChanges(): boolean {
    return this.#changes > 0
  }

  end(): void {
    this.#isOver = true
  }

  #requireOpen(): void {
    invariant(!this.#isOver, 'a transaction was used after it had ended: a query in it was not awaited')
  }
}

/** What stands between a commit and its answer. */
interface Durability {
  committed(): void
  /** Resolves when every commit so far would survive a power cut. */
  settled(): Promise<void>
  /** @throws MetadataStoreUnavailable once a sync has failed */
  requireHealthy(): void
}

const noDurability: Durability = {
  committed: () => undefined,
  settled: () => Promise.resolve(),
  requireHealthy: () => undefined,
}

/**
 * Counts commits in and syncs out. After a sync that failed nothing more is acknowledged: the kernel may have dropped
 * the pages it could not write, and a later sync that succeeds says nothing about them (PostgreSQL's "fsyncgate").
 */
class WalDurability implements Durability, AsyncDisposable {
  readonly #log: FileHandle
  readonly #sync: GroupSync
  readonly #onSync: (ms: number) => void
  #commits = 0
  #commitsSynced = 0
  #failure: unknown

  private constructor(log: FileHandle, onSync: (ms: number) => void) {
    this.#log = log
    this.#onSync = onSync
    this.#sync = new GroupSync(() => this.#flush())
  }

  static async open(databasePath: string, onSync: (ms: number) => void): Promise<WalDurability> {
    // A second descriptor is harmless: SQLite's own locks are on the database and on its shared-memory file.
    const log = await open(`${databasePath}-wal`, 'r')
    await using folder = await open(dirname(databasePath), 'r')
    await folder.sync()
    return new WalDurability(log, onSync)
  }

  committed(): void {
    this.#commits++
  }

  async settled(): Promise<void> {
    if (this.#commitsSynced < this.#commits) await this.#sync.flushed()
  }

  requireHealthy(): void {
    if (this.#failure !== undefined) {
      throw new MetadataStoreUnavailable('a sync of the metadata log has failed: restart once the disk is well', {
        cause: this.#failure,
      })
    }
  }

  async #flush(): Promise<void> {
    this.requireHealthy()
    const covered = this.#commits
    const startedAt = performance.now()
    try {
      await this.#log.datasync()
    } catch (error) {
      this.#failure = error
    }
    this.#onSync(performance.now() - startedAt)
    this.requireHealthy()
    this.#commitsSynced = covered
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#log.close()
  }
}

/** The worker is not wanted at once: it would only slow down a start. */
const checkpointsAfterMs = 2_000

function startCheckpoints(path: string): AsyncDisposable {
  let worker: Worker | undefined
  let ended = Promise.resolve()
  const timer = setTimeout(() => {
    const file = join(import.meta.dirname, `checkpoint-worker${extname(import.meta.filename)}`)
    const started = new Worker(file, { workerData: { path, walBytesSoft, walBytesHard } })
    started.unref()
    ended = new Promise((resolve) => started.once('exit', () => resolve()))
    worker = started
  }, checkpointsAfterMs)
  timer.unref()
  return {
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      worker?.ref()
      worker?.postMessage('close')
      await ended
    },
  }
}
