import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { inject } from 'vitest'
import { type CommandOptions, runCommand } from '../support/command.ts'
import type { RegistryProcess } from '../support/real-process.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { searchPath } from './search-path.ts'

export interface WorkstationOptions {
  /** Folders whose programs come before all others. */
  readonly programs?: readonly string[]
  /** Who certified the registry. Container tools and the AWS CLI trust it; other clients have to be told where it is. */
  readonly authority?: CertificateAuthority | undefined
}

/** Somebody's machine: a home, credentials and container storage of its own, empty at first, and a registry it trusts. */
export class Workstation implements AsyncDisposable {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv

  private constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#env = env
  }

  static async open(
    registry: RegistryProcess,
    { programs = [], authority }: WorkstationOptions = {},
  ): Promise<Workstation> {
    const { path: folder } = await temporaryDirectory('workstation')
    const at = (...names: string[]) => join(folder, ...names)
    const files: Record<string, string> = {
      [at('home/.config/containers/policy.json')]: '{ "default": [{ "type": "insecureAcceptAnything" }] }\n',
      [at('auth.json')]: '{}\n',
      [at('storage.conf')]: storageConf(folder),
      [at('containers.conf')]: containersConf(folder),
      [at('home/.config/containers/registries.conf')]: authority ? '' : insecureRegistryConf(registry),
      ...(authority && { [at('home/.config/containers/certs.d', registry.host, 'ca.crt')]: authority.pem }),
    }
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(path), { recursive: true })
      await writeFile(path, text)
    }
    for (const name of ['tmp', 'runtime']) await mkdir(at(name), { mode: 0o700 })
    return new Workstation(folder, {
      ...environmentWithoutAccounts(),
      PATH: [...programs, ...searchPath()].join(delimiter),
      HOME: at('home'),
      TMPDIR: at('tmp'),
      XDG_RUNTIME_DIR: at('runtime'),
      REGISTRY_AUTH_FILE: at('auth.json'),
      CONTAINERS_STORAGE_CONF: at('storage.conf'),
      CONTAINERS_CONF: at('containers.conf'),
      BUILDAH_ISOLATION: 'chroot',
      AWS_ACCESS_KEY_ID: registry.administrator.accessKeyId,
      AWS_SECRET_ACCESS_KEY: registry.administrator.secretAccessKey,
      AWS_DEFAULT_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
      AWS_PAGER: '',
      ...(authority && { AWS_CA_BUNDLE: authority.path }),
    })
  }

  /** A path inside the machine's own folder. */
  path(...names: string[]): string {
    return join(this.#folder, ...names)
  }

  async write(name: string, content: string | Uint8Array): Promise<string> {
    const path = this.path(name)
    await mkdir(dirname(path), { recursive: true })
    await writeFile(path, content)
    return path
  }

  get env(): NodeJS.ProcessEnv {
    return this.#env
  }

  run(command: string, args: readonly string[], options: CommandOptions = {}): Promise<string> {
    return runCommand(command, args, { cwd: this.#folder, ...options, env: { ...this.#env, ...options.env } })
  }

  /** Takes down what container tools left mounted, then removes everything. */
  async [Symbol.asyncDispose](): Promise<void> {
    const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' ')[1] ?? '')
    for (const mount of mounts.filter((path) => path.startsWith(`${this.#folder}/`)).reverse()) {
      await runCommand('umount', ['--lazy', mount])
    }
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 3 })
  }
}

function insecureRegistryConf({ host }: RegistryProcess): string {
  return `[[registry]]
location = "${host}"
insecure = true
`
}

function storageConf(folder: string): string {
  return `[storage]
driver = "${inject('storageDriver')}"
graphroot = "${join(folder, 'storage')}"
runroot = "${join(folder, 'storage-run')}"
`
}

// The system's own limits on files and processes, and its cgroups, are often out of reach in a sandbox: crun then
// refuses to start anything, and so does runc unless it is told of limits that may be set.
function containersConf(folder: string): string {
  return `[containers]
cgroups = "enabled"
netns = "host"
default_ulimits = ["nofile=1024:4096", "nproc=1024:4096"]

[network]
network_config_dir = "${join(folder, 'networks')}"

[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
lock_type = "file"
tmp_dir = "${join(folder, 'libpod')}"
`
}

/** This process's environment without whatever cloud account or registry the person running the tests is set up with. */
function environmentWithoutAccounts(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(AWS|DOCKER|WAYBILL)_/.test(name)))
}
