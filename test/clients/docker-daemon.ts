import { Daemon } from './daemon.ts'
import type { Workstation } from './workstation.ts'

export interface DockerDaemonOptions {
  /** Bridge for containers and build steps; without one they have the network of this machine, when they ask for it, or none. */
  readonly bridge?: string
  /** Further options of dockerd. */
  readonly options?: readonly string[]
}

/** A Docker Engine with a store of its own, on somebody's machine. */
export class DockerDaemon implements AsyncDisposable {
  /** The `docker` that talks to it. */
  readonly command: readonly [command: string, ...options: string[]]
  readonly #workstation: Workstation
  readonly #daemon: Daemon

  private constructor(workstation: Workstation, command: DockerDaemon['command'], daemon: Daemon) {
    this.#workstation = workstation
    this.command = command
    this.#daemon = daemon
  }

  static async start(
    workstation: Workstation,
    { bridge = 'none', options = [] }: DockerDaemonOptions = {},
  ): Promise<DockerDaemon> {
    const address = `unix://${workstation.path('docker.sock')}`
    // Neither firewall nor routes: both would change the network of the machine the tests run on.
    const network = ['--iptables=false', '--ip-forward=false', '--ip-masq=false', `--bridge=${bridge}`]
    const folders = ['--data-root', workstation.path('docker'), '--exec-root', workstation.path('docker-exec')]
    const args = [...network, ...folders, '--host', address, '--pidfile', workstation.path('docker.pid'), ...options]
    const ask = () => workstation.run('docker', ['--host', address, 'version'])
    const daemon = await Daemon.start(workstation, ['dockerd', ...args], ask)
    return new DockerDaemon(workstation, ['docker', '--host', address], daemon)
  }

  /** Runs `docker`, and gives what it printed. */
  run(...args: readonly string[]): Promise<string> {
    const [command, ...options] = this.command
    return this.#workstation.run(command, [...options, ...args])
  }

  /** Ends it, and the containerd it started. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#daemon[Symbol.asyncDispose]()
  }
}
