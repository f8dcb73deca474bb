import { expect, test } from 'vitest'

import { layer } from '../support/images.ts'
import { byForm } from '../support/long-form.ts'
import { Life } from './life.ts'
import { Dice, LoadClient } from './load.ts'

const clients = 4
const rounds = byForm({ short: 4, long: 400 })
/** After so many there is a new data folder. */
const roundsPerFolder = 20
const loadMsMin = 50
const loadMsMax = byForm({ short: 400, long: 800 })
/** A start takes about this long: a registry killed within it is killed while it starts. */
const startMsUsual = 60
/** Generous: what a person would call "at once", on a machine that does other things as well. */
const startMsMax = 1_000

const seed = Number(process.env.WAYBILL_TEST_SEED ?? Date.now() % 1_000_000)

test(`a registry that is killed at any moment keeps what it has acknowledged (WAYBILL_TEST_SEED=${seed})`, {
  timeout: byForm({ short: 30_000, long: 1_800_000 }),
}, async () => {
  const dice = new Dice(seed)
  let acknowledged = 0
  for (let round = 0; round < rounds; ) {
    await using life = await Life.begin()
    const shared = [layer(2_000), layer(50_000)]
    const loads = Array.from({ length: clients }, (_, number) => {
      return new LoadClient({ name: `app-${number}`, dice, ledger: life.ledger, shared })
    })
    for (const end = Math.min(rounds, round + roundsPerFolder); round < end; round++) await killOnce(life, loads, dice)
    await life.check((await life.start()).url!)
    acknowledged += life.ledger.answeredAt.length
    expect(life.slowestStartMs).toBeLessThan(startMsMax)
  }
  console.log(`${rounds} kills, ${acknowledged} changes acknowledged`)
})

/** Starts a registry, holds it to what those before it have said, loads it, and kills it. */
async function killOnce(life: Life, loads: readonly LoadClient[], dice: Dice): Promise<void> {
  if (dice.below(4) === 0) await life.startAndKill(dice.below(startMsUsual))
  const { victim, url } = await life.start({ collectsGarbage: true })
  await life.check(url!, { recentOnly: true })
  const loading = loads.map((client) => client.run(url!, () => victim.hasEnded))
  await new Promise((resolve) => setTimeout(resolve, loadMsMin + dice.below(loadMsMax - loadMsMin)))
  await victim.kill()
  await Promise.all(loading)
}
