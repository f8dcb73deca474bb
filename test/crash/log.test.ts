import { randomBytes } from 'node:crypto'
import { statSync } from 'node:fs'
import { copyFile, type FileHandle, open, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { expect, onTestFinished, test } from 'vitest'

import { KeyTaken } from '../../src/metadata/metadata-store.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { byForm } from '../support/long-form.ts'
import { quickDirectory } from '../support/quick-directory.ts'
import { Dice } from './load.ts'

const writers = 8
const writesEach = byForm({ short: 40, long: 400 })
const cuts = byForm({ short: 60, long: 1_000 })
const slowestSyncMs = 3
const seed = Number(process.env.WAYBILL_TEST_SEED ?? Date.now() % 1_000_000)

interface Acknowledgement {
  readonly id: string
  /** How long the part of the log was that was known to be on the disk when the answer came. */
  readonly durableBytes: number
}

test(`a log that is lost or damaged behind what was synced has every write that was acknowledged (WAYBILL_TEST_SEED=${seed})`, async () => {
  const dice = new Dice(seed)
  await using folder = await quickDirectory('log')
  const path = join(folder.path, 'waybill.db')
  const synced = await watchSyncs(`${path}-wal`, dice)
  await using store = await SqliteMetadataStore.open(path)
  const acknowledgements = await write(store, synced, dice)

  const log = await readFile(`${path}-wal`)
  await copyFile(path, join(folder.path, 'found.db'))
  for (let cut = 0; cut < cuts; cut++) {
    const { durableBytes } = dice.oneOf(acknowledgements)
    const tail = log.subarray(durableBytes, durableBytes + dice.below(2) * dice.below(log.length - durableBytes + 1))
    const junk = randomBytes(dice.below(2) * dice.below(10_000))
    await writeFile(join(folder.path, 'found.db-wal'), Buffer.concat([log.subarray(0, durableBytes), tail, junk]))
    await copyFile(path, join(folder.path, 'found.db'))
    await using found = await SqliteMetadataStore.open(join(folder.path, 'found.db'))
    const there = new Set((await found.view.accounts.list({ after: undefined, limit: 1_000_000 })).map(({ id }) => id))
    const promised = acknowledgements.filter((given) => given.durableBytes <= durableBytes)
    expect(promised.filter(({ id }) => !there.has(id))).toEqual([])
  }
})

/** Many at once, so that they share syncs; a write that finds its row taken has learnt something, too. */
async function write(store: SqliteMetadataStore, synced: () => number, dice: Dice): Promise<Acknowledgement[]> {
  const acknowledgements: Acknowledgement[] = []
  const writer = async () => {
    for (let n = 0; n < writesEach; n++) {
      const id = String(dice.below((writers * writesEach) / 2))
      const account = {
        id,
        createsOnPush: true,
        displayName: 'x'.repeat(dice.below(9_000)),
        isVerified: false,
        createdAt: 0,
      }
      await store
        .write((tx) => tx.accounts.insert(account))
        .catch((error: unknown) => {
          if (!(error instanceof KeyTaken)) throw error
        })
      acknowledgements.push({ id, durableBytes: synced() })
    }
  }
  await Promise.all(Array.from({ length: writers }, writer))
  return acknowledgements
}

/** Makes syncs slow, and tells how much of the log the last one that has ended found there when it began. */
async function watchSyncs(log: string, dice: Dice): Promise<() => number> {
  let durableBytes = 0
  await using handle = await open(import.meta.filename)
  const prototype = Object.getPrototypeOf(handle) as FileHandle
  const { datasync } = prototype
  prototype.datasync = async function (this: FileHandle) {
    const bytes = statSync(log).size
    await delay(dice.below(slowestSyncMs))
    await datasync.call(this)
    durableBytes = Math.max(durableBytes, bytes)
  }
  onTestFinished(() => {
    prototype.datasync = datasync
  })
  return () => durableBytes
}
