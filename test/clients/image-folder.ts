import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, readFile, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import type { Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createZstdDecompress } from 'node:zlib'
import type { Workstation } from './workstation.ts'

export interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

// Without the second option skopeo may send other layers with the same content, compressed differently, that it knows
// to be in the registry already: what it knows outlives one machine of ours, it keeps that in /var/lib/containers.
const copyAsItIs = ['copy', '--all', '--preserve-digests']

/** An image in skopeo's `dir:` form: `manifest.json` byte for byte, and each blob under its digest in hex. */
export interface ImageFolder {
  readonly folder: string
  readonly digest: string
  readonly mediaType: string
  readonly manifest: Buffer
  readonly config: Descriptor
  readonly layers: readonly Descriptor[]
}

export async function readImage(folder: string): Promise<ImageFolder> {
  const manifest = await readFile(join(folder, 'manifest.json'))
  const digest = `sha256:${createHash('sha256').update(manifest).digest('hex')}`
  return { folder, digest, manifest, ...JSON.parse(manifest.toString()) }
}

export function blobPath(folder: string, { digest }: Pick<Descriptor, 'digest'>): string {
  return join(folder, digest.replace('sha256:', ''))
}

/** Pushes an image, all of its architectures, as it is. */
export async function push(workstation: Workstation, folder: string, reference: string): Promise<void> {
  await workstation.run('skopeo', [...copyAsItIs, `dir:${folder}`, `docker://${reference}`])
}

/** Pulls an image, all of its architectures, as it is stored. */
export async function pull(workstation: Workstation, reference: string): Promise<string> {
  const folder = workstation.path('pulled', reference.replaceAll(/[/:@]/g, '-'))
  await workstation.write(join('pulled', '.keep'), '')
  await workstation.run('skopeo', [...copyAsItIs, `docker://${reference}`, `dir:${folder}`])
  return folder
}

/** The same image as an OCI layout, byte for byte, with nothing else in it. */
export async function toLayout(workstation: Workstation, folder: string): Promise<string> {
  const layout = workstation.path('layouts', basename(folder))
  await mkdir(dirname(layout), { recursive: true })
  await workstation.run('skopeo', [...copyAsItIs, `dir:${folder}`, `oci:${layout}:1`])
  return layout
}

/** The same image as an OCI layout in one file, byte for byte, for programs that load images: it is to get this name. */
export async function toArchive(workstation: Workstation, folder: string, reference: string): Promise<string> {
  const archive = workstation.path(`${basename(folder)}.tar`)
  await workstation.run('skopeo', [...copyAsItIs, `dir:${folder}`, `oci-archive:${archive}:${reference}`])
  return archive
}

/** The digest of each file, by name: two images with the same are the same to the byte. */
export async function contentOf(folder: string): Promise<Record<string, string>> {
  const content: Record<string, string> = {}
  for (const name of await readdir(folder)) content[name] = await sha256(join(folder, name))
  return content
}

/**
 * Reads an image whose digests only the client that compressed it knew, and checks it down to the files: each
 * blob's size and digest are those the manifest says, each layer's content is what the config says. Throws if not.
 */
export async function readSoundImage(folder: string): Promise<ImageFolder> {
  const image = await readImage(folder)
  for (const blob of [image.config, ...image.layers]) {
    const path = blobPath(folder, blob)
    equal(`size of ${blob.digest}`, (await stat(path)).size, blob.size)
    equal(`digest of ${blob.digest}`, await sha256(path), blob.digest)
  }
  const { rootfs } = JSON.parse(await readFile(blobPath(folder, image.config), 'utf8'))
  equal('number of layers', image.layers.length, rootfs.diff_ids.length)
  for (const [index, layer] of image.layers.entries()) {
    const content = await sha256(blobPath(folder, layer), decompressor(layer))
    equal(`content of ${layer.digest}`, content, rootfs.diff_ids[index])
  }
  return image
}

function decompressor({ mediaType }: Descriptor): Transform[] {
  if (mediaType.endsWith('gzip')) return [createGunzip()]
  if (mediaType.endsWith('zstd')) return [createZstdDecompress()]
  return []
}

async function sha256(path: string, through: Transform[] = []): Promise<string> {
  const hash = createHash('sha256')
  await pipeline([createReadStream(path), ...through, hash])
  return `sha256:${hash.digest('hex')}`
}

function equal(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`The ${what} is ${actual}, not ${expected}`)
}
