import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { endWithThisProcess, hasEnded } from '../support/child-processes.ts'
import { until } from '../support/until.ts'
import type { Workstation } from './workstation.ts'

const startMsMax = 30_000
const stopMsMax = 20_000

/** A Docker Engine with a store of its own, on somebody's machine. */
export class DockerDaemon implements AsyncDisposable {
  /** For `docker --host`. */
  readonly address: string
  readonly #workstation: Workstation
  readonly #child: ChildProcess
  readonly #log: Buffer[] = []

  private constructor(workstation: Workstation, address: string, child: ChildProcess) {
    this.#workstation = workstation
    this.address = address
    this.#child = child
    child.stderr?.on('data', (chunk: Buffer) => this.#log.push(chunk))
  }

  static async start(workstation: Workstation): Promise<DockerDaemon> {
    const address = `unix://${workstation.path('docker.sock')}`
    // Neither firewall nor bridge: both would change the network of the machine the tests run on.
    const network = ['--iptables=false', '--bridge=none']
    const folders = ['--data-root', workstation.path('docker'), '--exec-root', workstation.path('docker-exec')]
    const args = [...network, ...folders, '--host', address, '--pidfile', workstation.path('docker.pid')]
    const stdio: ['ignore', 'ignore', 'pipe'] = ['ignore', 'ignore', 'pipe']
    const child = spawn('dockerd', args, { env: workstation.env, stdio })
    endWithThisProcess(child)
    const daemon = new DockerDaemon(workstation, address, child)
    try {
      await daemon.#ready()
      return daemon
    } catch (error) {
      child.kill('SIGKILL')
      throw new Error(`dockerd did not start\n${Buffer.concat(daemon.#log)}`, { cause: error })
    }
  }

  async #ready(): Promise<void> {
    const answers = () =>
      this.#workstation.run('docker', ['--host', this.address, 'version']).then(
        () => true,
        () => hasEnded(this.#child),
      )
    await until('dockerd to answer', answers, { timeoutMs: startMsMax, everyMs: 100 })
    if (hasEnded(this.#child)) throw new Error('dockerd ended by itself')
  }

  /** Ends it, and the containerd it started. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (hasEnded(this.#child)) return
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), stopMsMax)
    this.#child.kill('SIGTERM')
    await once(this.#child, 'exit')
    clearTimeout(timer)
  }
}
