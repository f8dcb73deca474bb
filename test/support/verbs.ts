import { isRefusal } from '../../src/errors.ts'
import type { UploadRecord } from '../../src/metadata/metadata-store.ts'
import { type Digest, parseDigest } from '../../src/oci/digest.ts'
import { digestReference, parseTag, tagReference } from '../../src/oci/reference.ts'
import type { Content, Manifest } from './images.ts'
import type { World } from './registry-world.ts'

/** A registry, who asks it, and how its repositories are called. */
export type House = Pick<World, 'registry' | 'call' | 'addressOf'>

/** Uploads a blob to a repository, as one of the doors' clients does. */
export type Upload = (house: House, repository: string, blob: Content) => Promise<void>

/** Every way in which an upload comes in through one door or the other. */
export const uploads = {
  'the API, in one part': async (house, repository, blob) => {
    await completeParts(house, repository, blob, [blob.size])
  },
  'the API, in parts': async (house, repository, blob) => {
    await completeParts(house, repository, blob, [Math.ceil(blob.size / 2), blob.size - Math.ceil(blob.size / 2)])
  },
  'the registry endpoint, whole with the PUT': async (house, repository, blob) => {
    const upload = await startUpload(house, repository)
    await complete(house, repository, upload, blob.digest, piece(blob, 0))
  },
  'the registry endpoint, streamed': async (house, repository, blob) => {
    const upload = await startUpload(house, repository)
    const half = Math.ceil(blob.size / 2)
    await append(house, repository, upload, { body: bodyOf(blob.bytes.subarray(0, half), blob.bytes.subarray(half)) })
    await complete(house, repository, upload, blob.digest)
  },
  'the registry endpoint, in chunks and the last with the PUT': async (house, repository, blob) => {
    const upload = await startUpload(house, repository)
    const half = Math.ceil(blob.size / 2)
    await append(house, repository, upload, { ...piece(blob, 0, half), offset: 0, bytes: half })
    await complete(house, repository, upload, blob.digest, { ...piece(blob, half), offset: half })
  },
} as const satisfies Record<string, Upload>

export type UploadShape = keyof typeof uploads

export const uploadShapes = Object.keys(uploads) as UploadShape[]

export function startUpload(house: House, repository: string): Promise<UploadRecord> {
  return house.registry.uploads.start(house.call, house.addressOf(repository), { createsRepository: true })
}

type Chunk = Parameters<House['registry']['uploads']['append']>[2]

async function append(house: House, repository: string, upload: UploadRecord, chunk: Chunk): Promise<void> {
  await house.registry.uploads.append(house.call, { ...house.addressOf(repository), upload: upload.id }, chunk)
}

async function complete(
  house: House,
  repository: string,
  upload: UploadRecord,
  digest: string,
  rest?: Chunk,
): Promise<void> {
  const address = { ...house.addressOf(repository), upload: upload.id }
  await house.registry.uploads.complete(house.call, address, { digests: [digest], ...(rest && { rest }) })
}

async function completeParts(house: House, repository: string, blob: Content, sizes: readonly number[]): Promise<void> {
  const { uploads: verbs, limits } = house.registry
  const { id } = await verbs.start(house.call, house.addressOf(repository), { createsRepository: true })
  const address = { ...house.addressOf(repository), upload: id }
  let offset = 0
  for (const bytes of sizes) {
    const part = { ...piece(blob, offset, offset + bytes), offset, bytes }
    offset = (await verbs.append(house.call, address, part, { partsMax: limits.partsMax })).offset
  }
  await verbs.complete(house.call, address, { digests: [blob.digest], partBytesMin: limits.partBytesMin })
}

function piece({ bytes }: Content, start: number, end: number = bytes.length) {
  return { body: bodyOf(bytes.subarray(start, end)) }
}

async function* bodyOf(...chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks
}

/** Puts a manifest under these tags. */
export async function put(house: House, repository: string, manifest: Manifest, ...tags: string[]): Promise<void> {
  const { bytes, mediaType } = manifest
  await house.registry.manifests.put(
    house.call,
    house.addressOf(repository),
    { bytes, mediaType, tags: tags.map(parseTag) },
    { createsRepository: true },
  )
}

/** Pushes a manifest with all that it needs. */
export async function push(
  house: House,
  repository: string,
  manifest: Manifest,
  tags: readonly string[] = [],
  upload: Upload = uploads['the API, in one part'],
): Promise<void> {
  for (const child of manifest.children) await push(house, repository, child, [], upload)
  for (const blob of manifest.blobs) await upload(house, repository, blob)
  await put(house, repository, manifest, ...tags)
}

/** Throws unless the repository serves a manifest, under the tag if one is given, with all its bytes. */
export async function expectPulled(house: House, repository: string, manifest: Manifest, tag?: string): Promise<void> {
  const address = house.addressOf(repository)
  const reference = tag === undefined ? digestReference(digestOf(manifest)) : tagReference(parseTag(tag))
  const found = await house.registry.manifests.get(house.call, address, reference)
  if (!manifest.bytes.equals(found.payload)) throw new Error(`${tag ?? manifest.digest} has become ${found.digest}`)
  for (const blob of manifest.blobs) await expectBlob(house, repository, blob)
  for (const child of manifest.children) await expectPulled(house, repository, child)
}

/** Throws unless the repository serves a blob with all its bytes. */
export async function expectBlob(house: House, repository: string, { digest, bytes }: Content): Promise<void> {
  const blob = await house.registry.blobs.get(house.call, house.addressOf(repository), parseDigest(digest))
  if (!bytes.equals(await bytesOf(await blob.open()))) throw new Error(`the bytes of ${digest} have changed`)
}

/** Throws if the repository has an image, by digest or tag. */
export async function expectGone(house: House, repository: string, reference: string): Promise<void> {
  const wanted = reference.includes(':') ? digestReference(parseDigest(reference)) : tagReference(parseTag(reference))
  try {
    await house.registry.manifests.get(house.call, house.addressOf(repository), wanted)
  } catch (error) {
    if (isRefusal(error, 'ImageUnknown') || isRefusal(error, 'RepositoryUnknown')) return
    throw error
  }
  throw new Error(`${reference} is still there`)
}

export function digestOf({ digest }: Content): Digest {
  return parseDigest(digest)
}

/** The digests of all blobs that a manifest and its children need. */
export function blobsOf(manifest: Manifest): string[] {
  return [...manifest.blobs.map(({ digest }) => digest), ...manifest.children.flatMap(blobsOf)]
}

async function bytesOf(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream))
}
