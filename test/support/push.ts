import {
  CompleteLayerUploadCommand,
  type ECRPUBLICClient,
  ImageAlreadyExistsException,
  InitiateLayerUploadCommand,
  LayerAlreadyExistsException,
  PutImageCommand,
  type PutImageCommandOutput,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'

import type { Answer } from './answer.ts'
import type { Content, Manifest } from './images.ts'
import type { OciClient } from './oci-client.ts'

/** Pushes a blob as most clients do, and throws unless it was taken. */
export async function pushBlob(oci: OciClient, name: string, blob: Content): Promise<void> {
  const location = await startUpload(oci, name)
  expectStatus(201, await oci.put(`${location}?digest=${blob.digest}`, blob.bytes))
}

/** The Location of a new upload. */
export async function startUpload(oci: OciClient, name: string): Promise<string> {
  const answer = await oci.post(`/v2/${name}/blobs/uploads/`)
  expectStatus(202, answer)
  return answer.headers.get('location')!
}

export function putManifest(oci: OciClient, name: string, manifest: Manifest, tag?: string): Promise<Answer> {
  const path = `/v2/${name}/manifests/${tag ?? manifest.digest}`
  return oci.put(path, manifest.bytes, { 'content-type': manifest.mediaType })
}

/** Pushes an image or an index, with all that it needs, through the registry endpoint; throws unless it was taken. */
export async function pushImage(oci: OciClient, name: string, manifest: Manifest, tag?: string): Promise<void> {
  for (const child of manifest.children) await pushImage(oci, name, child)
  await Promise.all(manifest.blobs.map((blob) => pushBlob(oci, name, blob)))
  expectStatus(201, await putManifest(oci, name, manifest, tag))
}

/** Uploads a blob through the API, in one part. */
export async function uploadLayer(ecr: ECRPUBLICClient, repositoryName: string, blob: Content): Promise<void> {
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  await ecr.send(
    new UploadLayerPartCommand({
      ...{ repositoryName, uploadId, layerPartBlob: blob.bytes },
      ...{ partFirstByte: 0, partLastByte: blob.size - 1 },
    }),
  )
  const complete = new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [blob.digest] })
  await orAlready(ecr.send(complete), LayerAlreadyExistsException)
}

/** To find that something is there already is success, as it is for real clients. */
async function orAlready(
  sent: Promise<unknown>,
  already: typeof ImageAlreadyExistsException | typeof LayerAlreadyExistsException,
): Promise<void> {
  try {
    await sent
  } catch (error) {
    if (!(error instanceof already)) throw error
  }
}

/** Pushes what a manifest needs, but not the manifest, through the API. */
export async function uploadParts(ecr: ECRPUBLICClient, repositoryName: string, manifest: Manifest): Promise<void> {
  await Promise.all(manifest.blobs.map((blob) => uploadLayer(ecr, repositoryName, blob)))
  for (const child of manifest.children) {
    await uploadParts(ecr, repositoryName, child)
    await orAlready(putImage(ecr, repositoryName, child), ImageAlreadyExistsException)
  }
}

export function putImage(
  ecr: ECRPUBLICClient,
  repositoryName: string,
  manifest: Manifest,
  imageTag?: string,
): Promise<PutImageCommandOutput> {
  const imageManifest = manifest.bytes.toString()
  const input = { repositoryName, imageManifest, imageManifestMediaType: manifest.mediaType }
  return ecr.send(new PutImageCommand(imageTag === undefined ? input : { ...input, imageTag }))
}

/** Pushes an image or an index, with all that it needs, through the API. */
export async function pushImageByApi(
  ecr: ECRPUBLICClient,
  repositoryName: string,
  manifest: Manifest,
  imageTag?: string,
): Promise<void> {
  await uploadParts(ecr, repositoryName, manifest)
  await putImage(ecr, repositoryName, manifest, imageTag)
}

/** What is in a repository under a reference, all the way down: manifests and blobs by digest, as they came. */
export interface Pulled {
  readonly digest: string
  readonly mediaType: string | null
  readonly bytes: Buffer
  readonly blobs: readonly Buffer[]
  readonly children: readonly Pulled[]
}

/** Pulls what `manifest` consists of, asking for it by `reference`; throws where any of it is not there. */
export async function pullImage(
  oci: OciClient,
  name: string,
  manifest: Manifest,
  reference: string = manifest.digest,
): Promise<Pulled> {
  const answer = await oci.get(`/v2/${name}/manifests/${reference}`)
  expectStatus(200, answer)
  const blobs = await Promise.all(
    manifest.blobs.map(async ({ digest }) => {
      const blob = await oci.get(`/v2/${name}/blobs/${digest}`)
      expectStatus(200, blob)
      return blob.bytes
    }),
  )
  const children = await Promise.all(manifest.children.map((child) => pullImage(oci, name, child)))
  const { headers, bytes } = answer
  return {
    digest: headers.get('docker-content-digest') ?? '',
    mediaType: headers.get('content-type'),
    ...{ bytes, blobs, children },
  }
}

/** What a pull of `manifest` has to give. */
export function asPulled({ digest, mediaType, bytes, blobs, children }: Manifest): Pulled {
  return { digest, mediaType, bytes, blobs: blobs.map((blob) => blob.bytes), children: children.map(asPulled) }
}

export function expectStatus(status: number, answer: Answer): void {
  if (answer.status !== status) throw new Error(`Expected ${status}, got ${answer.status}: ${answer.bytes.toString()}`)
}
