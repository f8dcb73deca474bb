import { Daemon } from './daemon.ts'
import type { Workstation } from './workstation.ts'

/** A containerd by itself, with a store of its own, on somebody's machine. */
export class ContainerdDaemon implements AsyncDisposable {
  readonly #workstation: Workstation
  readonly #socket: string
  readonly #daemon: Daemon

  private constructor(workstation: Workstation, socket: string, daemon: Daemon) {
    this.#workstation = workstation
    this.#socket = socket
    this.#daemon = daemon
  }

  static async start(workstation: Workstation): Promise<ContainerdDaemon> {
    const socket = workstation.path('containerd.sock')
    const config = await workstation.write('containerd.toml', containerdToml(workstation, socket))
    const ask = () => workstation.run('ctr', ['--address', socket, 'version'])
    const daemon = await Daemon.start(workstation, ['containerd', '--config', config], ask)
    return new ContainerdDaemon(workstation, socket, daemon)
  }

  /** Runs `ctr`, and gives what it printed. */
  ctr(...args: string[]): Promise<string> {
    return this.#workstation.run('ctr', ['--address', this.#socket, ...args])
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#daemon[Symbol.asyncDispose]()
  }
}

// The plugin for Kubernetes, which nobody asks here, would look for networks on the machine the tests run on.
function containerdToml(workstation: Workstation, socket: string): string {
  return `version = 2
root = "${workstation.path('containerd')}"
state = "${workstation.path('containerd-state')}"
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.cri.v1.images", "io.containerd.cri.v1.runtime"]

[grpc]
  address = "${socket}"

[ttrpc]
  address = "${socket}.ttrpc"
`
}
