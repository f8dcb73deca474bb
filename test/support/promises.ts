/**
 * What was acknowledged and has to be true from then on, each under a name of its own: `library/app:1`, say. What an
 * operation may change is in doubt while it runs, and when it fails; once it is acknowledged, there is a new promise.
 */
export class Promises {
  readonly #kept = new Map<string, () => Promise<void>>()

  /** Runs `operation`, and from its end on holds the registry to `check`, which throws when it finds otherwise. */
  async keep<T>(name: string, operation: () => Promise<T>, check: (outcome: T) => Promise<void>): Promise<T> {
    this.#kept.delete(name)
    const outcome = await operation()
    this.#kept.set(name, () => check(outcome))
    return outcome
  }

  get count(): number {
    return this.#kept.size
  }

  /** Throws, with the name of the promise, unless all are true. */
  async check(): Promise<void> {
    for (const [name, check] of this.#kept) {
      try {
        await check()
      } catch (cause) {
        throw new Error(`a promise was broken: ${name}: ${cause instanceof Error ? cause.message : cause}`, { cause })
      }
    }
  }
}
