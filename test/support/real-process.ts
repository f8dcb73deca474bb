import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { endWithThisProcess, hasEnded } from './child-processes.ts'
import { type TemporaryDirectory, temporaryDirectory } from './temporary-directory.ts'
import { until } from './until.ts'

const root = join(import.meta.dirname, '..', '..')
/** The program under test: another one, a built `dist/cli/main.js` say, can be named. */
const program = process.env.WAYBILL_TEST_PROGRAM ?? join(root, 'src', 'cli', 'main.ts')
const stopMsMax = 15_000

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** A registry as people run it: `waybill serve` in a process of its own, with its own data, on a port of the loopback. */
export class RegistryProcess implements AsyncDisposable {
  readonly host: string
  readonly url: string
  readonly administrator: AccessKey = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  }
  readonly #data: TemporaryDirectory
  readonly #settings: NodeJS.ProcessEnv
  readonly #log: Buffer[] = []
  #child: ChildProcess | undefined

  private constructor(data: TemporaryDirectory, port: number, settings: NodeJS.ProcessEnv) {
    this.#data = data
    this.host = `127.0.0.1:${port}`
    this.url = `${settings.WAYBILL_TLS_CERTIFICATE ? 'https' : 'http'}://${this.host}`
    this.#settings = settings
  }

  /** Starts a registry with an empty data folder; `settings` are environment variables on top of the usual ones. */
  static async start(settings: NodeJS.ProcessEnv = {}): Promise<RegistryProcess> {
    const data = await temporaryDirectory('data')
    const registry = new RegistryProcess(data, await freePort(), settings)
    try {
      await registry.start()
      return registry
    } catch (error) {
      await registry.kill()
      await data[Symbol.asyncDispose]()
      throw error
    }
  }

  get dataDirectory(): string {
    return this.#data.path
  }

  /** What it has printed so far, through all its lives. */
  get log(): string {
    return Buffer.concat(this.#log).toString()
  }

  /** Starts it, again or for the first time, on the same port and data, and returns when it answers. */
  async start(): Promise<void> {
    const child = spawn(process.execPath, [program, 'serve'], {
      cwd: root,
      env: {
        ...environmentWithoutSettings(),
        WAYBILL_LISTEN: this.host,
        WAYBILL_DATA: this.#data.path,
        WAYBILL_LOG: 'info',
        WAYBILL_ADMIN_ACCESS_KEY_ID: this.administrator.accessKeyId,
        WAYBILL_ADMIN_SECRET_ACCESS_KEY: this.administrator.secretAccessKey,
        ...this.#settings,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    endWithThisProcess(child)
    child.stdout.on('data', (chunk: Buffer) => this.#log.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => this.#log.push(chunk))
    this.#child = child
    await until('the registry to ask for credentials', async () => {
      if (hasEnded(child)) throw new Error(`The registry ended with ${endOf(child)} while starting\n${this.log}`)
      const answer = await fetch(`${this.url}/v2/`).catch(() => undefined)
      await answer?.body?.cancel()
      return answer?.status === 401
    })
  }

  /** Asks it to end, and throws unless it does so in time with exit code 0. */
  async stop(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined) return
    if (!hasEnded(child)) {
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMsMax)
      child.kill('SIGTERM')
      await once(child, 'exit')
      clearTimeout(timer)
    }
    if (child.exitCode !== 0) throw new Error(`The registry did not end cleanly but with ${endOf(child)}\n${this.log}`)
  }

  /** Ends it as a power cut would: no chance to finish anything. */
  async kill(): Promise<void> {
    const child = this.#child
    this.#child = undefined
    if (child === undefined || hasEnded(child)) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.stop()
    } finally {
      await this.#data[Symbol.asyncDispose]()
    }
  }
}

/** What the developer has set for a registry of their own must not reach the one under test. */
function environmentWithoutSettings(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('WAYBILL_')))
}

function endOf(child: ChildProcess): string {
  return child.signalCode ?? `exit code ${child.exitCode}`
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('A listening socket has no port')
  return address.port
}
