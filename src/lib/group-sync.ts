/**
 * Lets many callers share one slow, idempotent flush.
 *
 * `flushed()` resolves when a flush that *began after the call* has finished: everything the caller had written before
 * calling is covered. Callers that arrive during a flush wait for the next one, together. One flush runs at a time.
 */
export class GroupSync {
  readonly #flush: () => Promise<void>
  #running: Promise<void> | undefined
  #next: Promise<void> | undefined

  constructor(flush: () => Promise<void>) {
    this.#flush = flush
  }

  flushed(): Promise<void> {
    if (!this.#running) return this.#start()
    this.#next ??= this.#running.then(
      () => this.#startNext(),
      () => this.#startNext(),
    )
    return this.#next
  }

  #startNext(): Promise<void> {
    this.#next = undefined
    return this.#start()
  }

  #start(): Promise<void> {
    const flush = this.#flush().finally(() => {
      if (this.#running === flush) this.#running = undefined
    })
    this.#running = flush
    return flush
  }
}
