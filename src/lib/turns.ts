/** One task at a time, in the order asked for: a mutex for async code. */
export class Turns {
  #last: Promise<unknown> = Promise.resolve()

  /** Run `task` when all earlier ones have settled. */
  run<T>(task: () => T | Promise<T>): Promise<T> {
    const turn = this.#last.then(task)
    this.#last = turn.catch(() => undefined)
    return turn
  }
}
