import { describe, expect, test } from 'vitest'

import { isUnavailable } from '../../src/http/unavailable.ts'
import { FailNth, type FaultKind, faultKinds } from '../support/fail-nth.ts'
import { Promises } from '../support/promises.ts'
import { World } from '../support/registry-world.ts'
import { scenarios } from './scenarios.ts'

describe.for(['in memory', 'on files'] as const)(
  '%s, no promise is broken whichever call on the stores fails',
  (keeping) => {
    test.for(Object.entries(scenarios))('during %s', async ([, begin]) => {
      const faults = new FailNth()
      await using world = await World.open({ keeping, around: faults.around })
      for (const kind of faultKinds) {
        let nth = 1
        while (await survives(world, faults, kind, nth, begin())) nth++
      }
    })
  },
)
let runs = 0
test('x', () => console.log(runs))

/** Runs a scenario with its nth call failing. False when it had fewer than n. */
async function survives(
  world: World,
  faults: FailNth,
  kind: FaultKind,
  nth: number,
  { prepare, run }: ReturnType<(typeof scenarios)[string]>,
): Promise<boolean> {
  runs++
  const place = { world, repository: `app-${nth}`, promises: new Promises() }
  await prepare?.(place)

  faults.arm(kind, nth)
  const failure: unknown = await run(place).then(
    () => undefined,
    (error) => error,
  )
  faults.disarm()
  const where = `call ${nth}, ${faults.firedAt}, failing ${kind.when} it ${kind.lasts}`
  if (failure !== undefined && !isUnavailable(failure)) throw new Error(where, { cause: failure })

  // A process that goes on has things in memory that one that starts again has not.
  if (kind.lasts === 'forever') await world.restart()
  expect(await world.findings(), where).toEqual([])
  await place.promises.check()
  await run(place)
  await place.promises.check()
  await removeAll(world)
  expect(await world.findings(), where).toEqual([])
  expect(await Array.fromAsync(world.stores.blobs.keys()), where).toEqual([])
  return faults.firedAt !== undefined
}

/** Deletes every repository, and lets so much time pass that nothing is to be left of them. */
async function removeAll(world: World): Promise<void> {
  const { registry, stores } = world
  for (const { name } of await stores.metadata.view.repositories.listAll({ after: undefined, limit: 1000 })) {
    await registry.repositories.delete(world.call, world.addressOf(name), { isForced: true })
  }
  await world.settle()
}
