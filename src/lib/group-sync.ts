/**
 * Lets many callers share one slow, idempotent flush.
 *
 * `flushed()` resolves when a flush that *began after the call* has finished: everything the caller had written before
 * calling is covered. Callers that arrive during a flush wait for the next one, together. One flush runs at a time. A
 * flush that fails fails those who waited for it, and no others.
 */
export class GroupSync {
  readonly #flush: () => Promise<void>
  #waiting: PromiseWithResolvers<void> | undefined
  #isRunning = false

  constructor(flush: () => Promise<void>) {
    this.#flush = flush
  }

  flushed(): Promise<void> {
    this.#waiting ??= Promise.withResolvers()
    const { promise } = this.#waiting
    if (!this.#isRunning) void this.#run()
    return promise
  }

  /** Never rejects: what went wrong is for those who wait. */
  async #run(): Promise<void> {
    this.#isRunning = true
    while (this.#waiting) {
      const { resolve, reject } = this.#waiting
      this.#waiting = undefined
      await this.#flush().then(resolve, reject)
    }
    this.#isRunning = false
  }
}
