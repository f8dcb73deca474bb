import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

import { SqliteBusy, SqliteConnection } from './connection.ts'

/** Another process serves from this folder. */
export class FolderInUse extends Error {
  override readonly name = 'FolderInUse'

  constructor(folder: string, processId: string) {
    super(
      `the data folder ${folder} is in use by another Waybill (process ${processId}): stop that one, or set another folder`,
    )
  }
}

/**
 * Keeps a data folder to one server. The lock is SQLite's own, on a file that holds nothing: the kernel drops it with
 * the process, however that ends, so there is never a stale one. Commands that only use the database do not take it.
 *
 * @throws FolderInUse
 */
export function lockFolder(folder: string): Disposable {
  const pidFile = join(folder, 'waybill.pid')
  const connection = new SqliteConnection(join(folder, 'waybill.lock'))
  try {
    connection.execute('BEGIN EXCLUSIVE')
  } catch (error) {
    connection[Symbol.dispose]()
    if (error instanceof SqliteBusy) throw new FolderInUse(folder, processIn(pidFile))
    throw error
  }
  writeFileSync(pidFile, `${process.pid}\n`)
  return {
    [Symbol.dispose]() {
      rmSync(pidFile, { force: true })
      connection[Symbol.dispose]()
    },
  }
}

function processIn(pidFile: string): string {
  try {
    return readFileSync(pidFile, 'utf8').trim()
  } catch {
    return 'unknown'
  }
}
