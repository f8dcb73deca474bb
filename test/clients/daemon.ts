import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { endWithThisProcess, hasEnded } from '../support/child-processes.ts'
import { until } from '../support/until.ts'
import type { Workstation } from './workstation.ts'

const startMsMax = 30_000
const stopMsMax = 20_000

/** A program that works in the background of somebody's machine until it is disposed of. */
export class Daemon implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #log: Buffer[] = []

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => this.#log.push(chunk))
  }

  /** Returns when it answers: when `ask` no longer rejects. */
  static async start(
    workstation: Workstation,
    [command, ...args]: readonly [command: string, ...args: string[]],
    ask: () => Promise<unknown>,
  ): Promise<Daemon> {
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']
    const child = spawn(command, args, { env: workstation.env, stdio })
    endWithThisProcess(child)
    const daemon = new Daemon(child)
    const answers = () =>
      ask().then(
        () => true,
        () => hasEnded(child),
      )
    try {
      await until(`${command} to answer`, answers, { timeoutMs: startMsMax, everyMs: 100 })
      if (hasEnded(child)) throw new Error(`${command} ended by itself`)
      return daemon
    } catch (error) {
      child.kill('SIGKILL')
      throw new Error(`${command} did not start\n${Buffer.concat(daemon.#log)}`, { cause: error })
    }
  }

  /** Ends it, and whatever it started. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (hasEnded(this.#child)) return
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax)
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
    clearTimeout(timer)
  }
}
