import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'

import type { AccessKey } from '../../src/auth/access-keys.ts'
import { endWithThisProcess, hasEnded } from '../support/child-processes.ts'

/** What a forked registry is told once. */
export interface Orders {
  readonly folder: string
  readonly adminKey: AccessKey
  /** The call on its stores at which it is to kill itself. */
  readonly killAt?: { readonly nth: number; readonly when: 'before' | 'after' }
  /** Whether it is to collect garbage all the time, and to be hasty about it. */
  readonly collectsGarbage?: boolean
}

/** What it says. */
export type Report = { readonly kind: 'ready' } | { readonly kind: 'listening'; readonly url: string }

const root = join(import.meta.dirname, '..', '..')
const program = join(import.meta.dirname, 'registry-program.ts')
/** Hundreds of processes load the same modules: this takes half of the time from each. */
const compileCache = join(root, 'node_modules', '.cache', 'waybill-crash')

/** A registry in a process of its own, loaded and waiting for its orders. */
export class RegistryVictim implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #isReady: Promise<unknown>
  readonly #errors: Buffer[] = []

  /** `environment`: variables beside those of this process. */
  constructor(environment: NodeJS.ProcessEnv = {}) {
    this.#child = fork(program, [], {
      env: { ...process.env, NODE_COMPILE_CACHE: compileCache, ...environment },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    })
    this.#child.stderr?.on('data', (chunk: Buffer) => this.#errors.push(chunk))
    endWithThisProcess(this.#child)
    this.#isReady = this.#next('ready')
    this.#isReady.catch(() => undefined)
  }

  /** Resolves when it has loaded all it needs. */
  async loaded(): Promise<void> {
    await this.#isReady
  }

  /** Opens a data folder. Resolves with the URL, and how long it took; with `undefined` when it was killed before. */
  async open(orders: Orders): Promise<{ readonly url: string; readonly startMs: number } | undefined> {
    await this.loaded()
    const begunAt = performance.now()
    const answer = this.#next('listening')
    this.#child.send(orders)
    const listening = await answer
    return listening && { url: listening.url, startMs: performance.now() - begunAt }
  }

  get hasEnded(): boolean {
    return hasEnded(this.#child)
  }

  /** Ends it as a power cut would: no chance to finish anything. Resolves when it is gone. */
  async kill(): Promise<void> {
    if (hasEnded(this.#child)) return
    const exit = once(this.#child, 'exit')
    this.#child.kill('SIGKILL')
    await exit
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.kill()
  }

  /** The next report, of this kind; `undefined` when it is killed first. Throws when it ends in any other way. */
  async #next<Kind extends Report['kind']>(kind: Kind): Promise<(Report & { kind: Kind }) | undefined> {
    const ended = new AbortController()
    const exit = once(this.#child, 'exit', { signal: ended.signal }).then(([code, signal]) => {
      if (signal === 'SIGKILL') return undefined
      throw new Error(`the registry ended with ${signal ?? code}\n${Buffer.concat(this.#errors)}`)
    })
    exit.catch(() => undefined)
    const report = await Promise.race([exit, once(this.#child, 'message').then(([message]) => message as Report)])
    ended.abort()
    if (report && report.kind !== kind) throw new Error(`the registry said ${report.kind}, not ${kind}`)
    return report as (Report & { kind: Kind }) | undefined
  }
}
