/**
 * The whole main job, in one command, against a registry in memory: `npm run demo`.
 *
 * Through the ECR Public API: make a repository, upload the layers of an image in parts, put the image. Then, through
 * the registry endpoint, pull it back as `docker pull` would and compare every byte.
 */
import { randomBytes } from 'node:crypto'
import { gzipSync } from 'node:zlib'

import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  ECRPUBLICClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'

import { createApp } from '../src/index.ts'
import { digestOf } from '../src/oci/digest.ts'
import { mediaTypes } from '../src/oci/media-types.ts'
import { tarOf } from './tar.ts'

const repositoryName = 'demo/hello'
const imageTag = 'v1'
const mebibyte = 1024 * 1024

const startedAt = performance.now()
await using app = await createApp()
const url = await app.listen()
say(`A registry in memory listens on ${url}, ${Math.round(performance.now() - startedAt)} ms after it was asked for.`)

const client = new ECRPUBLICClient({
  endpoint: url,
  region: 'us-east-1',
  credentials: app.newAdminKey!,
})

step('CreateRepository')
const { repository } = await client.send(new CreateRepositoryCommand({ repositoryName }))
say(repository!.repositoryUri!)

const archives = [
  tarOf({ 'etc/motd': 'Made by the Waybill demo.\n' }),
  tarOf({ 'srv/data.bin': randomBytes(25 * mebibyte) }),
]
const layers = archives.map((archive) => gzipSync(archive, { level: 1 }))
const config = Buffer.from(
  JSON.stringify({
    architecture: 'amd64',
    os: 'linux',
    config: { Cmd: ['cat', '/etc/motd'] },
    rootfs: { type: 'layers', diff_ids: archives.map((archive) => digestOf(archive)) },
  }),
)
for (const [i, layer] of layers.entries()) await upload(`layer ${i + 1} of ${layers.length}`, layer)
await upload('config', config)

step('PutImage')
const manifest = JSON.stringify(
  {
    schemaVersion: 2,
    mediaType: mediaTypes.ociManifest,
    config: descriptor('application/vnd.oci.image.config.v1+json', config),
    layers: layers.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
  },
  undefined,
  2,
)
const { image } = await client.send(new PutImageCommand({ repositoryName, imageManifest: manifest, imageTag }))
say(`${image!.imageId!.imageDigest} is tagged ${imageTag}`)

step('DescribeImages')
const { imageDetails } = await client.send(new DescribeImagesCommand({ repositoryName, imageIds: [{ imageTag }] }))
say(`${showBytes(imageDetails![0]!.imageSizeInBytes!)}, pushed at ${imageDetails![0]!.imagePushedAt!.toISOString()}`)

step('Pull it back through /v2/, without logging in')
const path = `${url}/v2/library/${repositoryName}`
const pulled = await pull(`${path}/manifests/${imageTag}`)
compare('manifest', pulled, Buffer.from(manifest))
for (const [i, layer] of layers.entries())
  compare(`layer ${i + 1}`, await pull(`${path}/blobs/${digestOf(layer)}`), layer)
compare('config', await pull(`${path}/blobs/${digestOf(config)}`), config)
step(`All of it, in ${Math.round(performance.now() - startedAt)} ms.`)

async function upload(what: string, bytes: Buffer): Promise<void> {
  const layerDigest = digestOf(bytes)
  step(`Upload ${what}: ${layerDigest.slice(0, 19)}…, ${showBytes(bytes.length)}`)
  const layerDigests = [layerDigest]
  const check = await client.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }))
  say(`BatchCheckLayerAvailability: ${check.layers![0]!.layerAvailability}`)
  const { uploadId, partSize } = await client.send(new InitiateLayerUploadCommand({ repositoryName }))
  for (let start = 0; start < bytes.length; start += partSize!) {
    const layerPartBlob = bytes.subarray(start, start + partSize!)
    const partLastByte = start + layerPartBlob.length - 1
    await client.send(
      new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte: start, partLastByte, layerPartBlob }),
    )
    say(`UploadLayerPart: ${Math.round(((partLastByte + 1) / bytes.length) * 100)} %`)
  }
  await client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests }))
}

async function pull(address: string): Promise<Buffer> {
  const response = await fetch(address)
  if (!response.ok) throw new Error(`${address} answered ${response.status}`)
  return Buffer.from(await response.arrayBuffer())
}

function compare(what: string, got: Buffer, wanted: Buffer): void {
  if (!got.equals(wanted)) throw new Error(`${what} came back changed`)
  say(`${what}: ${showBytes(got.length)}, the same to the byte`)
}

function descriptor(mediaType: string, bytes: Buffer) {
  return { mediaType, digest: digestOf(bytes), size: bytes.length }
}

function showBytes(bytes: number): string {
  return bytes < mebibyte ? `${bytes} bytes` : `${(bytes / mebibyte).toFixed(1)} MiB`
}

function step(title: string): void {
  console.log(`\n${title}`)
}

function say(line: string): void {
  console.log(`  ${line}`)
}
