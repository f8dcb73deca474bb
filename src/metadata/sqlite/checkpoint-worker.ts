/**
 * Moves pages from the write-ahead log into the database, on a thread of its own: it reads and syncs megabytes, which
 * no request should wait for. Receives `{ path, walBytesSoft, walBytesHard }`, and looks at the log's size now and then.
 */
import { statSync } from 'node:fs'
import { parentPort, workerData } from 'node:worker_threads'

import { MetadataStoreUnavailable } from '../metadata-store.ts'
import { SqliteBusy, SqliteConnection } from './connection.ts'

const { path, walBytesSoft, walBytesHard } = workerData as {
  path: string
  walBytesSoft: number
  walBytesHard: number
}
const pollMs = 1000

const connection = new SqliteConnection(path)
connection.execute('PRAGMA synchronous = NORMAL')
const timer = setInterval(checkpoint, pollMs)

parentPort?.once('message', () => {
  clearInterval(timer)
  connection[Symbol.dispose]()
  parentPort?.close()
})

let walBytesSeen = 0

function checkpoint(): void {
  const walBytes = statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0
  // The log file is written from its start again but never shrinks, so its size says only that a checkpoint may be
  // due; finding that it is not costs one look at the shared index.
  if (walBytes < walBytesSoft) return
  try {
    connection.pragma('wal_checkpoint(PASSIVE)')
    // Under steady writes a passive checkpoint never reaches the end of the log, and the log would grow for ever. Close
    // behind one, only a few pages are left, so this holds writers up for a moment only.
    if (walBytes > Math.max(walBytesHard, walBytesSeen)) connection.pragma('wal_checkpoint(RESTART)')
    walBytesSeen = walBytes
  } catch (error) {
    // Busy, or no room on the disk: the log keeps everything, and the next turn tries again.
    if (!(error instanceof SqliteBusy || error instanceof MetadataStoreUnavailable)) throw error
  }
}
