import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { type App, createApp } from '../../src/assemble.ts'
import { isRefusal } from '../../src/errors.ts'
import { userPrincipal } from '../../src/iam/principal.ts'
import { parseTag, tagReference } from '../../src/oci/reference.ts'
import { parseAlias, parseRepositoryName } from '../../src/oci/repository-name.ts'
import type { Stores } from '../../src/stores.ts'
import { findingsIn } from '../support/findings.ts'
import { image, layer } from '../support/images.ts'
import { quickDirectory } from '../support/quick-directory.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { expectPulled, type House, push } from '../support/verbs.ts'
import { Ledger, type Witness } from './ledger.ts'
import { administrator, Dice, LoadClient } from './load.ts'
import { Recording } from './recording.ts'
import { RegistryVictim } from './registry-victim.ts'
import { ReplayedDisk, type Survives } from './replayed-disk.ts'

const accountId = '000000000000'
const seed = Number(process.env.WAYBILL_TEST_SEED ?? Date.now() % 1_000_000)

test(`whatever is lost of what was not synced, what was acknowledged is there (WAYBILL_TEST_SEED=${seed})`, {
  timeout: 1_800_000,
}, async () => {
  const dice = new Dice(seed)
  await using folder = await temporaryDirectory('recorded')
  await using work = await quickDirectory('recording')
  const recording = await Recording.prepare(folder.path, work.path)
  const ledger = new Ledger(() => recording.position())
  {
    await using victim = new RegistryVictim(recording.environment)
    const opened = await victim.open({ folder: folder.path, adminKey: administrator })
    const shared = [layer(2_000), layer(50_000)]
    const loads = [0, 1, 2].map((number) => new LoadClient({ name: `app-${number}`, dice, ledger, shared }))
    const until = performance.now() + 4_000
    await Promise.all(loads.map((load) => load.run(opened!.url, () => performance.now() > until)))
  }
  const calls = await recording.calls()
  console.log(calls.length, ledger.acknowledged)
  const disk = new ReplayedDisk()
  let cuts = 0
  for (const [index, [position, call]] of calls.entries()) {
    disk.apply(call)
    if (index % 50 !== 0) continue
    for (const [fate, survives] of Object.entries(fates(dice))) {
      await using found = await quickDirectory('cut')
      await mkdir(join(found.path, 'data'))
      await disk.writeTo(join(found.path, 'data'), survives)
      try {
        await checkFolder(join(found.path, 'data'), (witness) => ledger.checkAsOf(position, witness))
      } catch (cause) {
        throw new Error(`the power went after call ${index} of ${calls.length} (${call.kind} ${call.path}), ${fate}`, {
          cause,
        })
      }
      cuts++
    }
  }
  console.log(cuts, 'cuts')
})

function fates(dice: Dice): Record<string, Survives> {
  return {
    'everything survives': () => true,
    'nothing survives': () => false,
    'half survives': () => dice.below(2) === 0,
    'most survives': () => dice.below(8) > 0,
  }
}

async function checkFolder(folder: string, check: (witness: Witness) => Promise<void>): Promise<void> {
  let stores: Stores | undefined
  await using app = await createApp(
    {
      storage: { kind: 'filesystem', folder },
      account: { id: accountId, alias: parseAlias('library'), adminKey: administrator },
    },
    { stores: (opened) => (stores = opened) },
  )
  expect(await findingsIn(stores!)).toEqual([])
  await check(new AppWitness(app))
  await push(houseOf(app), 'afterwards', image(), ['1'])
}

class AppWitness implements Witness {
  readonly #house: House

  constructor(app: App) {
    this.#house = houseOf(app)
  }

  async digestOf(name: string, tag: string): Promise<string | undefined> {
    const { registry, call, addressOf } = this.#house
    try {
      return (await registry.manifests.get(call, addressOf(inRegistry(name)), tagReference(parseTag(tag)))).digest
    } catch (error) {
      if (isRefusal(error, 'ImageUnknown') || isRefusal(error, 'RepositoryUnknown')) return undefined
      throw error
    }
  }

  expectPulled(
    name: string,
    ...rest: Parameters<Witness['expectPulled']> extends [string, ...infer Rest] ? Rest : never
  ) {
    return expectPulled(this.#house, inRegistry(name), ...rest)
  }
}

function inRegistry(name: string): string {
  return name.slice('library/'.length)
}

function houseOf({ registry }: App): House {
  return {
    registry,
    addressOf: (name) => ({
      registry: { kind: 'alias', alias: parseAlias('library') },
      name: parseRepositoryName(name),
    }),
    call: {
      principal: userPrincipal({ accountId, userId: 'root', userName: 'admin', isRoot: true }),
      identityPolicies: [],
      hasCredential: true,
      scopes: undefined,
      origin: { sourceIp: '127.0.0.1', isSecure: false, userAgent: undefined, referer: undefined },
      door: 'command',
      requestId: '',
      now: Date.now(),
    },
  }
}
void describe
