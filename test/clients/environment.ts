import { createHash } from 'node:crypto'
import { access, constants, mkdir, readFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { runCommand } from '../support/command.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

declare module 'vitest' {
  export interface ProvidedContext {
    /** Folder of the images that build-images.sh makes. */
    images: string
    /** Folder that fetch-newer-clients.sh unpacks into. */
    newerClients: string
    storageDriver: 'overlay' | 'vfs'
  }
}

const makeMsMax = 10 * 60_000
/** What each scenario runs, and the Debian package it comes in. */
const needed = {
  aws: 'awscli',
  buildah: 'buildah',
  containerd: 'containerd',
  debootstrap: 'debootstrap',
  docker: 'docker.io',
  dockerd: 'docker.io',
  ip: 'iproute2',
  openssl: 'openssl',
  podman: 'podman',
  python3: 'python3-boto3',
  runc: 'runc',
  skopeo: 'skopeo',
}

/** Makes sure, once before all scenarios, that they can run here, with the images and the newer clients. */
export default async function prepare({ provide }: TestProject): Promise<void> {
  await checkMachine()
  const storageDriver = await storageDriverHere()
  provide('storageDriver', storageDriver)
  const [images, newerClients] = await Promise.all([
    madeOnce('build-images.sh', 'waybill-test-images', { STORAGE_DRIVER: storageDriver }),
    madeOnce('fetch-newer-clients.sh', 'waybill-test-clients'),
  ])
  provide('images', images)
  provide('newerClients', newerClients)
}

async function checkMachine(): Promise<void> {
  if (process.getuid?.() !== 0) throw new Error('Container tools and debootstrap are run as root here: start as root.')
  const missing = new Set<string>()
  for (const [command, debianPackage] of Object.entries(needed)) {
    if ((await findOnPath(command)) === undefined) missing.add(debianPackage)
  }
  if (missing.size > 0) throw new Error(`Missing here; on Debian: apt-get install ${[...missing].join(' ')}`)
}

async function findOnPath(command: string): Promise<string | undefined> {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const path = join(folder, command)
    const found = await access(path, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (found) return path
  }
  return undefined
}

/** `vfs` copies whole layers, but needs no permission to mount, which containers and some sandboxes lack. */
async function storageDriverHere(): Promise<'overlay' | 'vfs'> {
  await using folder = await temporaryDirectory('overlay')
  const [lower, upper, work, merged] = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder.path, name))
  for (const path of [lower, upper, work, merged]) await mkdir(path as string)
  const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`
  try {
    await runCommand('mount', ['-t', 'overlay', 'overlay', '-o', options, merged as string])
    await runCommand('umount', [merged as string])
    return 'overlay'
  } catch {
    return 'vfs'
  }
}

/**
 * The folder that a script makes when this machine does not have it yet, beside earlier ones: each is named after what the
 * script then was. To have it made again, remove it.
 */
async function madeOnce(scriptName: string, parent: string, env: NodeJS.ProcessEnv = {}): Promise<string> {
  const script = join(import.meta.dirname, scriptName)
  const version = createHash('sha256')
    .update(await readFile(script))
    .digest('hex')
    .slice(0, 12)
  const folder = join(process.env.WAYBILL_TEST_CACHE ?? tmpdir(), parent, version)
  if (await access(folder).catch(() => true)) {
    console.log(`${scriptName} makes ${folder} (a minute or two, once)`)
    await runCommand(script, [folder], { env: { ...process.env, ...env }, timeoutMs: makeMsMax })
  }
  return folder
}
