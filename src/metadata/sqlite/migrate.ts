import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { SqliteConnection } from './connection.ts'

const folder = join(import.meta.dirname, 'migrations')

/** The data was written by a newer Waybill than this one. */
export class SchemaTooNew extends Error {
  override readonly name = 'SchemaTooNew'
}

/** The data was written by an older Waybill than this one, and is not this program's to bring forward. */
export class SchemaTooOld extends Error {
  override readonly name = 'SchemaTooOld'
}

interface Migration {
  readonly version: number
  readonly file: string
}

/**
 * Bring the database to the newest schema, in one transaction: either all steps are there afterwards or none.
 * The version is SQLite's own `user_version`, so it changes with the schema and never apart from it.
 */
export function migrate(connection: SqliteConnection): void {
  const migrations = listMigrations()
  const newest = migrations.at(-1)?.version ?? 0
  if (versionOf(connection) === newest) return

  connection.execute('BEGIN EXCLUSIVE')
  try {
    const version = versionOf(connection)
    if (version > newest) throw tooNew(version, newest)
    for (const migration of migrations) {
      if (migration.version > version) connection.execute(readFileSync(join(folder, migration.file), 'utf8'))
    }
    connection.execute(`PRAGMA user_version = ${newest}`)
    connection.execute('COMMIT')
  } catch (error) {
    if (connection.isInTransaction) connection.execute('ROLLBACK')
    throw error
  }
}

/**
 * Require the newest schema, and change nothing: a server may be running on the data.
 * @throws SchemaTooNew, SchemaTooOld
 */
export function requireNewest(connection: SqliteConnection): void {
  const newest = listMigrations().at(-1)?.version ?? 0
  const version = versionOf(connection)
  if (version > newest) throw tooNew(version, newest)
  if (version < newest) {
    throw new SchemaTooOld(
      `the data folder has schema ${version} and this Waybill works on schema ${newest}: start its server once, which brings the data up to date`,
    )
  }
}

function tooNew(version: number, newest: number): SchemaTooNew {
  return new SchemaTooNew(
    `the data folder has schema ${version} and this Waybill knows schemas up to ${newest}: run the newer Waybill that wrote it`,
  )
}

function versionOf(connection: SqliteConnection): number {
  return Number(connection.pragma('user_version'))
}

/** `0001-main-job.sql` and so on, in order. */
function listMigrations(): Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}-[a-z0-9-]+\.sql$/.test(file))
    .sort()
    .map((file) => ({ version: Number(file.slice(0, 4)), file }))
}
