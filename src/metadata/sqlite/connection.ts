import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite'

import { LRUCache } from 'lru-cache'
import type { Sql } from 'sql-template-tag'

import { KeyTaken, MetadataStoreUnavailable } from '../metadata-store.ts'
import type { Row } from '../sql/session.ts'

export interface ConnectionOptions {
  readonly readOnly?: boolean
  /** How long a call may block this thread while somebody else holds a lock that it needs; 0 unless given. */
  readonly busyMsMax?: number
}

/**
 * One connection to a SQLite database: the only place that knows `node:sqlite`. Every call is synchronous and takes
 * microseconds, except where it says otherwise. SQLite's errors become the port's here.
 */
export class SqliteConnection implements Disposable {
  readonly #database: DatabaseSync
  readonly #statements = new LRUCache<string, StatementSync>({ max: preparedStatementsMax })

  constructor(path: string, { readOnly = false, busyMsMax = 0 }: ConnectionOptions = {}) {
    this.#database = translated(() => new DatabaseSync(path, { readOnly, timeout: busyMsMax }))
  }

  all(query: Sql): Row[] {
    return translated(() => this.#prepare(query.sql).all(...(query.values as SQLInputValue[])) as Row[])
  }

  /** How many rows changed. */
  run(query: Sql): number {
    return translated(() => Number(this.#prepare(query.sql).run(...(query.values as SQLInputValue[])).changes))
  }

  /** Run a script of statements: a migration, a pragma, the bounds of a transaction. */
  execute(script: string): void {
    translated(() => this.#database.exec(script))
  }

  pragma(name: string): string | number | null {
    const row = translated(() => this.#database.prepare(`PRAGMA ${name}`).get()) as Row | undefined
    const value = row && Object.values(row)[0]
    return typeof value === 'string' || typeof value === 'number' ? value : null
  }

  get isInTransaction(): boolean {
    return this.#database.isTransaction
  }

  [Symbol.dispose](): void {
    if (this.#database.isOpen) this.#database.close()
  }

  #prepare(text: string): StatementSync {
    let statement = this.#statements.get(text)
    if (!statement) {
      statement = this.#database.prepare(text)
      this.#statements.set(text, statement)
    }
    return statement
  }
}

/** Enough for every statement there is, lists of a dozen lengths included. */
const preparedStatementsMax = 500

/** Somebody else holds the lock this call needs; trying again later is the answer. */
export class SqliteBusy extends Error {
  override readonly name = 'SqliteBusy'
}

function translated<T>(call: () => T): T {
  try {
    return call()
  } catch (cause) {
    throw translate(cause)
  }
}

/** https://sqlite.org/rescode.html: the low byte is the primary code. */
function translate(cause: unknown): unknown {
  if (!(cause instanceof Error) || !('errcode' in cause) || typeof cause.errcode !== 'number') return cause
  switch (cause.errcode & 0xff) {
    case 5: // BUSY
    case 6: // LOCKED
      return new SqliteBusy(cause.message, { cause })
    case 8: // READONLY
    case 10: // IOERR
    case 13: // FULL
    case 14: // CANTOPEN
      return new MetadataStoreUnavailable(`the metadata database cannot be used: ${cause.message}`, { cause })
    case 19: // CONSTRAINT
      return uniquenessCodes.has(cause.errcode) ? new KeyTaken(cause.message, { cause }) : cause
    default:
      return cause
  }
}

/** CONSTRAINT_PRIMARYKEY, CONSTRAINT_UNIQUE, CONSTRAINT_ROWID. */
const uniquenessCodes: ReadonlySet<number> = new Set([1555, 2067, 2579])
