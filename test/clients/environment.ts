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
    storageDriver: 'overlay' | 'vfs'
  }
}

const buildMsMax = 10 * 60_000
/** What each scenario runs, and the Debian package it comes in. */
const needed = {
  aws: 'awscli',
  buildah: 'buildah',
  debootstrap: 'debootstrap',
  docker: 'docker.io',
  dockerd: 'docker.io',
  podman: 'podman',
  python3: 'python3-boto3',
  runc: 'runc',
  skopeo: 'skopeo',
}

/** Makes sure, once before all scenarios, that they can run here, and that the images exist. */
export default async function prepare({ provide }: TestProject): Promise<void> {
  await checkMachine()
  const storageDriver = await storageDriverHere()
  provide('storageDriver', storageDriver)
  provide('images', await imagesFolder(storageDriver))
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

/** The images, made when this machine does not have them yet, in a folder named after the script that makes them. */
async function imagesFolder(storageDriver: string): Promise<string> {
  const script = join(import.meta.dirname, 'build-images.sh')
  const version = createHash('sha256')
    .update(await readFile(script))
    .digest('hex')
    .slice(0, 12)
  const folder = join(process.env.WAYBILL_TEST_IMAGES ?? join(tmpdir(), 'waybill-test-images'), version)
  if (await access(folder).catch(() => true)) {
    console.log(`Building test images in ${folder} (a minute or two, once)`)
    await runCommand(script, [folder], {
      env: { ...process.env, STORAGE_DRIVER: storageDriver },
      timeoutMs: buildMsMax,
    })
  }
  return folder
}
