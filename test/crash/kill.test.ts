import { join } from 'node:path'

import { expect, test } from 'vitest'

import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { findingsIn } from '../support/findings.ts'
import { layer } from '../support/images.ts'
import { byForm } from '../support/long-form.ts'
import { QuickClient } from '../support/quick-client.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import { administrator, Dice, LoadClient } from './load.ts'
import { Ledger } from './ledger.ts'
import { RegistryVictim } from './registry-victim.ts'

const clients = 4
/** A data folder is killed so often before there is a new one. */
const roundsPerFolder = 20
const startMsMax = 1_000

const rounds = byForm({ short: 8, long: 400 })
const seed = Number(process.env.WAYBILL_TEST_SEED ?? Date.now() % 1_000_000)

test(`a registry that is killed at any moment keeps what it has acknowledged (seed ${seed})`, async () => {
  const dice = new Dice(seed)
  const total = { rounds: 0, acknowledged: 0, slowestStartMs: 0 }
  while (total.rounds < rounds) {
    await using life = await Life.begin(dice)
    for (let round = 0; round < roundsPerFolder && total.rounds < rounds; round++) {
      await life.round()
      total.rounds++
    }
    await life.checkAll()
    total.acknowledged += life.ledger.acknowledged
    total.slowestStartMs = Math.max(total.slowestStartMs, life.slowestStartMs)
  }
  console.log(JSON.stringify({ seed, ...total }))
  expect(total.slowestStartMs).toBeLessThan(startMsMax)
}, byForm({ short: 30_000, long: 1_800_000 }))

/** A data folder, the clients that use it, and one registry after the other that serves from it. */
class Life implements AsyncDisposable {
  readonly ledger = new Ledger()
  readonly #dice: Dice
  readonly #resources: AsyncDisposableStack
  readonly #folder: string
  readonly #clients: readonly LoadClient[]
  #next: RegistryVictim
  slowestStartMs = 0

  private constructor(dice: Dice, folder: string, resources: AsyncDisposableStack) {
    this.#dice = dice
    this.#folder = folder
    this.#resources = resources
    const shared = [layer(2_000), layer(50_000)]
    const { ledger } = this
    this.#clients = Array.from({ length: clients }, (_, number) => {
      return new LoadClient({ name: `app-${number}`, dice, ledger, shared })
    })
    this.#next = this.#spawn()
  }

  static async begin(dice: Dice): Promise<Life> {
    await using resources = new AsyncDisposableStack()
    const { path } = resources.use(await temporaryDirectory('kill'))
    return new Life(dice, path, resources.move())
  }

  /** Starts a registry, loads it, kills it; starts the next, and holds it to what the first has said. */
  async round(): Promise<void> {
    const isKilledEarly = this.#dice.below(4) === 0
    const lifeMs = isKilledEarly ? this.#dice.below(30) : 30 + this.#dice.below(250)
    const victim = this.#takeNext()
    await victim.loaded()
    const killed = delay(lifeMs).then(() => victim.kill())
    const opened = await this.#open(victim)
    if (opened) await Promise.all(this.#clients.map((client) => client.run(opened.url, () => victim.hasEnded)))
    await killed

    const successor = this.#takeNext()
    const { url } = (await this.#open(successor))!
    using client = new QuickClient(url, administrator)
    await this.ledger.check(client, { recentOnly: true })
    expect(await this.#findings()).toEqual([])
    await successor.kill()
  }

  /** Holds a last registry to everything that was ever said. */
  async checkAll(): Promise<void> {
    await using last = this.#takeNext()
    const { url } = (await this.#open(last))!
    using client = new QuickClient(url, administrator)
    await this.ledger.check(client)
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#resources.disposeAsync()
  }

  async #open(victim: RegistryVictim): Promise<{ url: string } | undefined> {
    const opened = await victim.open({ folder: this.#folder, adminKey: administrator, collectsGarbage: true })
    this.slowestStartMs = Math.max(this.slowestStartMs, opened?.startMs ?? 0)
    return opened
  }

  #takeNext(): RegistryVictim {
    const victim = this.#next
    this.#next = this.#spawn()
    return victim
  }

  #spawn(): RegistryVictim {
    return this.#resources.use(new RegistryVictim())
  }

  async #findings(): Promise<string[]> {
    await using metadata = await SqliteMetadataStore.openBeside(join(this.#folder, 'waybill.db'))
    await using blobs = await FilesystemBlobStore.open(join(this.#folder, 'blobs'))
    return await findingsIn({ metadata, blobs })
  }
}

function delay(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
