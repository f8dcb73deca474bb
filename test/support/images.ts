import { createHash, randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

/** Bytes with all that a descriptor says of them. */
export interface Content {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
  readonly bytes: Buffer
}

/** A manifest, and what has to be pushed before it: the blobs, and for an index the manifests of its children. */
export interface Manifest extends Content {
  readonly blobs: readonly Content[]
  readonly children: readonly Manifest[]
}

export const mediaTypes = {
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
  ociConfig: 'application/vnd.oci.image.config.v1+json',
  ociLayer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  ociEmpty: 'application/vnd.oci.empty.v1+json',
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  dockerConfig: 'application/vnd.docker.container.image.v1+json',
  dockerLayer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  dockerForeignLayer: 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip',
} as const

export type Format = 'oci' | 'docker'

export function sha256(bytes: Uint8Array | string): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`
}

export function sha512(bytes: Uint8Array | string): string {
  return `sha512:${createHash('sha512').update(bytes).digest('hex')}`
}

export function content(bytes: Uint8Array | string, mediaType = 'application/octet-stream'): Content {
  const buffer = Buffer.from(bytes)
  return { mediaType, digest: sha256(buffer), size: buffer.length, bytes: buffer }
}

/** Content that nobody has pushed before. */
export function randomContent(size = 64, mediaType?: string): Content {
  return content(randomBytes(size), mediaType)
}

/** A layer as an image has it: a gzipped tar archive, here of one file with `size` random bytes. */
export function layer(size = 64, mediaType: string = mediaTypes.ociLayer): Content {
  return content(gzipSync(tarOf('file', randomBytes(size)), { level: 1 }), mediaType)
}

export interface ImageOptions {
  readonly format?: Format
  /** One random layer unless given. */
  readonly layers?: readonly Content[]
  readonly config?: Content
  /** Members beside the usual ones, or in their place; `undefined` takes one away. */
  readonly members?: Readonly<Record<string, unknown>>
  /** How the document is written out; JSON without white space unless given. */
  readonly write?: (document: object) => string
}

/** An image that nobody has pushed before. */
export function image({ format = 'oci', layers, config, members, write }: ImageOptions = {}): Manifest {
  const isOci = format === 'oci'
  const blobs = layers ?? [layer(64, isOci ? mediaTypes.ociLayer : mediaTypes.dockerLayer)]
  const usedConfig = config ?? imageConfig(blobs, isOci ? mediaTypes.ociConfig : mediaTypes.dockerConfig)
  const mediaType = isOci ? mediaTypes.ociManifest : mediaTypes.dockerManifest
  const document = {
    schemaVersion: 2,
    mediaType,
    config: descriptor(usedConfig),
    layers: blobs.map(descriptor),
    ...members,
  }
  return { ...written(document, mediaType, write), blobs: [usedConfig, ...blobs], children: [] }
}

export type IndexOptions = Pick<ImageOptions, 'format' | 'members' | 'write'>

/** An OCI index, or a Docker manifest list, of one image for each architecture. */
export function index(children: readonly Manifest[], { format = 'oci', members, write }: IndexOptions = {}): Manifest {
  const mediaType = format === 'oci' ? mediaTypes.ociIndex : mediaTypes.dockerManifestList
  const manifests = children.map((child, number) => ({
    ...descriptor(child),
    platform: { architecture: architectures[number % architectures.length], os: 'linux' },
  }))
  const document = { schemaVersion: 2, mediaType, manifests, ...members }
  return { ...written(document, mediaType, write), blobs: [], children }
}

export interface ArtifactOptions {
  readonly artifactType?: string
  /** The manifest that the artifact is about: a signature's image, say. */
  readonly subject?: Content
}

/** An artifact as OCI 1.1 has it: an image manifest with an empty config. */
export function artifact({ artifactType = 'application/vnd.example.sbom', subject }: ArtifactOptions = {}): Manifest {
  return image({
    config: content('{}', mediaTypes.ociEmpty),
    layers: [randomContent(32, 'text/spdx')],
    members: { artifactType, ...(subject && { subject: descriptor(subject) }) },
  })
}

/** A manifest of any form, which needs nothing pushed before it. */
export function manifestOf(text: string | Uint8Array, mediaType: string = mediaTypes.ociManifest): Manifest {
  return { ...content(text, mediaType), blobs: [], children: [] }
}

export function descriptor({ mediaType, digest, size }: Content) {
  return { mediaType, digest, size }
}

const architectures = ['amd64', 'arm64', 's390x', 'riscv64']

function imageConfig(layers: readonly Content[], mediaType: string): Content {
  const created = new Date().toISOString()
  const rootfs = { type: 'layers', diff_ids: layers.map((blob) => blob.digest) }
  // A label of its own makes an image new even when its layers are not.
  const config = { Cmd: ['/file'], Labels: { id: randomBytes(8).toString('hex') } }
  return content(JSON.stringify({ created, architecture: 'amd64', os: 'linux', config, rootfs }), mediaType)
}

function written(document: object, mediaType: string, write: ImageOptions['write'] = JSON.stringify): Content {
  return content(write(document), mediaType)
}

const tarBlockBytes = 512

/** POSIX ustar: a header block, the file filled up to whole blocks, and two empty blocks at the end. */
function tarOf(name: string, bytes: Buffer): Buffer {
  const header = Buffer.alloc(tarBlockBytes)
  header.write(name, 0)
  header.write('0000644\x000000000\x000000000\x00', 100)
  header.write(`${bytes.length.toString(8).padStart(11, '0')}\x0000000000000\x00`, 124)
  // The checksum is computed as if its own field were spaces.
  header.write('        0', 148)
  header.write('ustar\x0000', 257)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\x00 `, 148)
  const filling = Buffer.alloc((tarBlockBytes - (bytes.length % tarBlockBytes)) % tarBlockBytes)
  return Buffer.concat([header, bytes, filling, Buffer.alloc(2 * tarBlockBytes)])
}
