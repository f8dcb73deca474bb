/**
 * A registry in a process that is there to be killed. It loads everything, says `ready`, and opens the data folder when
 * it is told to: so what is timed, and interrupted, is what happens to data. Forked by `RegistryVictim`.
 */
import { flushCompileCache } from 'node:module'
import { createApp } from '../../src/assemble.ts'
import '../../src/blobs/filesystem/filesystem-blob-store.ts'
import '../../src/metadata/sqlite/folder-lock.ts'
import '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { parseAlias } from '../../src/oci/repository-name.ts'
import { defaultLimits } from '../../src/registry/limits.ts'
import { Registry } from '../../src/registry/registry.ts'
import type { Stores } from '../../src/stores.ts'
import { type Around, wrapStores } from '../support/wrapped-stores.ts'
import type { Orders, Report } from './registry-victim.ts'

const report = (message: Report) => process.send?.(message)

/** Reviews fall due after this and up to a minute more. */
const collectGraceMs = 1_000
/** So far ahead of time is the collector that about a sixth of what it could find is due at once. */
const collectorAheadMs = 15_000
/** And so far the sweep, so that objects go at once instead of in an hour. */
const sweepAheadMs = 2 * 60 * 60 * 1000
const garbagePauseMs = 20

process.once('disconnect', () => process.exit())
process.once('message', (orders: Orders) => void serve(orders))
// Once killed, it could not.
flushCompileCache()
report({ kind: 'ready' })

async function serve({ folder, adminKey, killAt, collectsGarbage }: Orders): Promise<void> {
  let stores: Stores | undefined
  const around = killAt ? killer(killAt) : undefined
  const limits = { ...defaultLimits, collectGraceMs, deletedKeepMs: 0 }
  const app = await createApp(
    {
      storage: { kind: 'filesystem', folder },
      account: { id: '000000000000', alias: parseAlias('library'), adminKey },
      limits,
    },
    {
      stores: (opened) => {
        stores = around ? wrapStores(opened, around) : opened
        return stores
      },
    },
  )
  report({ kind: 'listening', url: await app.listen() })
  if (collectsGarbage) await collectGarbage(stores!, limits)
}

/** Kills this process at the nth call on its stores: before it, or when it has happened and nobody knows. */
function killer({ nth, when }: NonNullable<Orders['killAt']>): Around {
  let calls = 0
  return async (call, run) => {
    const isTheOne = ++calls === nth
    if (isTheOne && when === 'before') process.kill(process.pid, 'SIGKILL')
    const result = await run()
    if (isTheOne) process.kill(process.pid, 'SIGKILL')
    void call
    return result
  }
}

/** Collects without a pause what a registry would collect in hours. */
async function collectGarbage(stores: Stores, limits: typeof defaultLimits): Promise<void> {
  const ahead = (ms: number) => new Registry({ ...stores, limits, clock: () => Date.now() + ms })
  const [collecting, sweeping] = [ahead(collectorAheadMs), ahead(sweepAheadMs)]
  for (;;) {
    await collecting.collector.passUntilDone()
    await sweeping.sweep.passUntilDone()
    await new Promise((resolve) => setTimeout(resolve, garbagePauseMs))
  }
}
