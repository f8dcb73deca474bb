const shownEveryMs = 200

/**
 * How far something is, on standard error, which leaves standard output to what comes of it. On a terminal one line is
 * written again and again; elsewhere each step has a line when it is over.
 */
export class Progress implements Disposable {
  readonly #isTerminal = process.stderr.isTTY === true
  #step: string | undefined
  #text = ''
  #shownAt = 0

  show(step: string, text: string): void {
    if (step !== this.#step) this.#endStep()
    this.#step = step
    this.#text = `${step}: ${text}`
    if (!this.#isTerminal || Date.now() < this.#shownAt + shownEveryMs) return
    this.#shownAt = Date.now()
    process.stderr.write(`\r\x1b[K${this.#text}`)
  }

  /** Make room for a line of standard output on the same terminal. */
  clear(): void {
    if (this.#isTerminal) process.stderr.write('\r\x1b[K')
    this.#shownAt = 0
  }

  [Symbol.dispose](): void {
    this.#endStep()
    this.#step = undefined
  }

  #endStep(): void {
    if (this.#step === undefined) return
    process.stderr.write(this.#isTerminal ? `\r\x1b[K${this.#text}\n` : `${this.#text}\n`)
  }
}
