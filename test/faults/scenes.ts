import { expect } from 'vitest'

import { RegistryError } from '../../src/errors.ts'
import type { Actors, Interleaving, Scene } from '../support/interleavings.ts'
import { World } from '../support/registry-world.ts'
import type { Around } from '../support/wrapped-stores.ts'

export interface SceneParts {
  readonly actors: Actors
  /** Refusals that somebody may meet. */
  readonly refusals?: readonly string[]
  /** What else has to be true at once, and goes on being true when all garbage is gone. */
  readonly expect?: (isFulfilled: (actor: string) => boolean) => Promise<void>
}

/** A scene in a world of its own, made by `set`, after which nothing may be broken, or kept that nothing needs. */
export async function sceneIn(around: Around, set: (world: World) => Promise<SceneParts>): Promise<Scene> {
  const world = await World.open({ around })
  const { actors, refusals = [], expect: expectMore } = await set(world)
  const check = async ({ outcomes }: Interleaving) => {
    const isFulfilled = (actor: string) => outcomes[actor]?.status === 'fulfilled'
    for (const [actor, outcome] of Object.entries(outcomes)) {
      if (outcome.status === 'fulfilled') continue
      const isExpected = outcome.reason instanceof RegistryError && refusals.includes(outcome.reason.code)
      if (!isExpected) throw new Error(`${actor} failed`, { cause: outcome.reason })
    }
    expect(await world.findings()).toEqual([])
    await expectMore?.(isFulfilled)
    await world.settle()
    await expectMore?.(isFulfilled)
    expect(await world.findings()).toEqual([])
    await expectNothingWasted(world)
  }
  return { actors, check, [Symbol.asyncDispose]: () => world[Symbol.asyncDispose]() }
}

/** Once all garbage is gone, what is stored is what the images there are refer to. */
export async function expectNothingWasted({ stores: { metadata, blobs } }: World): Promise<void> {
  const references = await metadata.view.scan.listBlobReferences({ after: undefined, limit: 1_000_000 })
  const needed = new Set(references.map(({ blobDigest }) => blobDigest))
  expect(await Array.fromAsync(blobs.keys())).toHaveLength(needed.size)
  expect(await metadata.view.reviews.count()).toBe(0)
}
