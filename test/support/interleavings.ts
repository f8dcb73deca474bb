import { AsyncLocalStorage } from 'node:async_hooks'
import { setImmediate as macrotask } from 'node:timers/promises'

import type { Around, StoreCall } from './wrapped-stores.ts'

/** Those who act at the same time, by name. */
export type Actors = Readonly<Record<string, () => Promise<unknown>>>

/** One way in which several acted at the same time. */
export interface Interleaving {
  /** Who made which call on the stores, in this order: `push: write`. */
  readonly steps: readonly string[]
  /** How each of them came out. */
  readonly outcomes: Readonly<Record<string, PromiseSettledResult<unknown>>>
}

/** A world, and who is about to act in it. */
export interface Scene extends AsyncDisposable {
  readonly actors: Actors
  readonly check: (run: Interleaving) => Promise<void>
}

/** Fewer orders than there are. */
export interface InterleavingOptions {
  /** How often somebody who could go on has to stop for somebody else. Most races need no more than two. */
  readonly preemptionsMax?: number
}

interface Waiting {
  readonly call: StoreCall
  readonly go: () => void
}

/** A choice between actors at one moment: who was there to be chosen, and who was. */
interface Choice {
  readonly among: readonly string[]
  readonly chosen: number
}

/**
 * Lets several act at once in every order there is: a step is one call on the stores and all that follows it up to the
 * next, and after each step it is chosen anew whose turn it is. `begin` makes a new world for each order. Of orders that
 * differ only in which of two neighbouring steps came first that cannot notice each other, one is taken. Resolves with
 * how many orders there were.
 *
 *
 * The stores have to be in memory, where what a step has to wait for takes no time.
 */
export async function forEveryInterleaving(
  begin: (around: Around) => Promise<Scene>,
  options: InterleavingOptions = {},
): Promise<number> {
  let prefix: readonly number[] = []
  for (let runs = 1; ; runs++) {
    const stage = new Stage(prefix, options)
    await using scene = await begin(stage.around)
    const run = await stage.play(scene.actors)
    try {
      await scene.check(run)
    } catch (cause) {
      throw new Error(`in this order:\n  ${run.steps.join('\n  ')}`, { cause })
    }
    const next = nextPrefix(stage.choices)
    if (!next) return runs
    prefix = next
  }
}

/** The choices that lead to the next order, in the order of a dictionary; `undefined` after the last. */
function nextPrefix(choices: readonly Choice[]): number[] | undefined {
  const last = choices.findLastIndex(({ among, chosen }) => chosen + 1 < among.length)
  if (last < 0) return undefined
  return [...choices.slice(0, last).map(({ chosen }) => chosen), choices[last]!.chosen + 1]
}

class Stage {
  readonly choices: Choice[] = []
  readonly #prefix: readonly number[]
  readonly #preemptionsMax: number | undefined
  #preemptions = 0
  readonly #actor = new AsyncLocalStorage<string>()
  readonly #waiting = new Map<string, Waiting>()
  readonly #steps: string[] = []
  #last: { readonly actor: string; readonly call: StoreCall; readonly rivals: ReadonlySet<string> } | undefined
  #moves = 0

  constructor(prefix: readonly number[], { preemptionsMax }: InterleavingOptions) {
    this.#prefix = prefix
    this.#preemptionsMax = preemptionsMax
  }

  readonly around: Around = async (call, run) => {
    const actor = this.#actor.getStore()
    // Statements of a transaction are one step with it, and so are the chunks of a body.
    const isPart = call.name.startsWith('tx.') || call.name.endsWith(' chunk')
    if (actor !== undefined && !isPart) {
      this.#moves++
      await new Promise<void>((go) => this.#waiting.set(actor, { call, go }))
    }
    return run()
  }

  async play(actors: Actors): Promise<Interleaving> {
    const names = Object.keys(actors)
    const playing = new Set(names)
    const acts = names.map(async (name) => {
      try {
        return await this.#actor.run(name, actors[name]!)
      } finally {
        this.#moves++
        playing.delete(name)
      }
    })
    const settled = Promise.allSettled(acts)
    await this.#quiet()
    while (playing.size > 0) {
      this.#step(names)
      await this.#quiet()
    }
    const results = await settled
    return { steps: this.#steps, outcomes: Object.fromEntries(names.map((name, i) => [name, results[i]!])) }
  }

  #step(names: readonly string[]): void {
    const ready = names.filter((name) => this.#waiting.has(name))
    if (ready.length === 0) throw new Error(`everybody waits for somebody else, after:\n  ${this.#steps.join('\n  ')}`)
    const among =
      this.#preemptionsMax === undefined ? this.#unlikeBefore(ready, names) : this.#within(this.#preemptionsMax, ready)
    const chosen = this.#prefix[this.choices.length] ?? 0
    this.choices.push({ among, chosen })
    const actor = among[chosen]
    if (actor === undefined) throw new Error('this scene does not go the same way twice')
    const { call, go } = this.#waiting.get(actor)!
    this.#waiting.delete(actor)
    if (this.#last && actor !== this.#last.actor && ready.includes(this.#last.actor)) this.#preemptions++
    this.#last = { actor, call, rivals: new Set(ready) }
    this.#steps.push(`${actor}: ${call.name}`)
    go()
  }

  /** Those whose turn makes an order unlike those taken before. */
  #unlikeBefore(ready: readonly string[], names: readonly string[]): readonly string[] {
    const fresh = ready.filter((name) => !this.#isSwapped(name, names))
    // Where there are none, this order has been taken: it is brought to its end without further choice.
    return fresh.length === 0 ? ready.slice(0, 1) : fresh
  }

  /** Whoever was last goes on, and may be stopped only so often. */
  #within(preemptionsMax: number, ready: readonly string[]): readonly string[] {
    const last = this.#last?.actor
    if (last === undefined || !ready.includes(last)) return ready
    return this.#preemptions < preemptionsMax ? [last, ...ready.filter((name) => name !== last)] : [last]
  }

  /** Whether `name`'s step could as well have come before the last one, an order that is taken anyway. */
  #isSwapped(name: string, names: readonly string[]): boolean {
    if (!this.#last || !this.#last.rivals.has(name) || names.indexOf(name) >= names.indexOf(this.#last.actor))
      return false
    return !canNotice(this.#waiting.get(name)!.call, this.#last.call)
  }

  /** Resolves when everybody has come to a call, to the end, or to where somebody else has to go on first. */
  async #quiet(): Promise<void> {
    for (let idle = 0; idle < idleTurns; idle++) {
      const before = this.#moves
      await macrotask()
      if (this.#moves !== before) idle = -1
    }
  }
}

/** Turns of the event loop in which nothing happens before it is believed that nothing will. */
const idleTurns = 3

function canNotice(one: StoreCall, other: StoreCall): boolean {
  const isOfBlobs = (call: StoreCall) => call.name.startsWith('blobs.')
  return isOfBlobs(one) === isOfBlobs(other) && (one.changes || other.changes)
}
