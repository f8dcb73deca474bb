import { globSync } from 'node:fs'

import {
  CompleteLayerUploadCommand,
  InitiateLayerUploadCommand,
  InvalidLayerPartException,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { type Content, image, randomContent, sha256 } from '../support/images.ts'
import type { OciClient } from '../support/oci-client.ts'
import { openFilesIn } from '../support/open-files.ts'
import { expectStatus, pullImage, pushBlob, putManifest, startUpload } from '../support/push.ts'
import { head, RawConnection } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import { sign } from '../support/signed-request.ts'
import type { TestRegistry } from '../support/test-registry.ts'
import { until } from '../support/until.ts'

const test = testWithRegistry({ isOnDisk: true })

const blobBytes = 100_000
const half = blobBytes / 2

interface Sent {
  /** The request that will be cut. */
  readonly bytes: Buffer
  readonly headBytes: number
  /** The upload it is part of, if the client knows it. */
  readonly location?: string
}

type Prepare = (oci: OciClient, name: string, blob: Content) => Promise<Sent>

/** Every way to push a blob, up to the request that is cut. */
const shapes: Readonly<Record<string, Prepare>> = {
  'POST of the whole blob': async (oci, name, blob) =>
    requestWith(oci, `POST /v2/${name}/blobs/uploads/?digest=${blob.digest}`, blob.bytes),
  'PUT of the whole blob': async (oci, name, blob) => {
    const location = await startUpload(oci, name)
    return { ...requestWith(oci, `PUT ${location}?digest=${blob.digest}`, blob.bytes), location }
  },
  'PATCH of the whole blob, its length not known': async (oci, name, blob) => {
    const location = await startUpload(oci, name)
    const body = Buffer.concat([chunkOf(blob.bytes.subarray(0, half)), chunkOf(blob.bytes.subarray(half)), lastChunk])
    return { ...requestWith(oci, `PATCH ${location}`, body, { 'transfer-encoding': 'chunked' }), location }
  },
  'PATCH of a first chunk': async (oci, name, blob) => {
    const location = await startUpload(oci, name)
    const range = { 'content-range': `0-${half - 1}` }
    return { ...requestWith(oci, `PATCH ${location}`, blob.bytes.subarray(0, half), range), location }
  },
  'PATCH of a second chunk': async (oci, name, blob) => {
    const location = await startUpload(oci, name)
    expectStatus(202, await oci.patch(location, blob.bytes.subarray(0, half)))
    const range = { 'content-range': `${half}-${blob.size - 1}` }
    return { ...requestWith(oci, `PATCH ${location}`, blob.bytes.subarray(half), range), location }
  },
  'PUT of the last chunk': async (oci, name, blob) => {
    const location = await startUpload(oci, name)
    expectStatus(202, await oci.patch(location, blob.bytes.subarray(0, half)))
    return { ...requestWith(oci, `PUT ${location}?digest=${blob.digest}`, blob.bytes.subarray(half)), location }
  },
  'PUT of nothing more': async (oci, name, blob) => {
    const location = await startUpload(oci, name)
    expectStatus(202, await oci.patch(location, blob.bytes))
    return { ...requestWith(oci, `PUT ${location}?digest=${blob.digest}`, Buffer.alloc(0)), location }
  },
}

type Way = 'hangUp' | 'reset'

/** When the connection is cut and how, and how many bytes of the request have been sent by then. */
const stages: readonly (readonly [string, Way, (sent: Sent) => number])[] = [
  ['before it was sent', 'hangUp', () => 0],
  ['in its head', 'reset', ({ headBytes }) => Math.floor(headBytes / 2)],
  ['before its body', 'hangUp', ({ headBytes }) => headBytes],
  ['in its body', 'hangUp', ({ headBytes, bytes }) => Math.floor((headBytes + bytes.length) / 2)],
  ['in its body', 'reset', ({ headBytes, bytes }) => Math.floor((headBytes + bytes.length) / 2)],
  ['before its last byte', 'reset', ({ bytes }) => bytes.length - 1],
  ['before its answer was read', 'hangUp', ({ bytes }) => bytes.length],
]

describe.for(Object.entries(shapes))('%s', ([, prepare]) => {
  test.for(stages)('cut %s (%s), goes on where it was', async ([, way, cutAt], { registry, imageName }) => {
    const blob = randomContent(blobBytes)
    const sent = await prepare(registry.oci, imageName, blob)
    await sendAndCut(registry.url, sent.bytes.subarray(0, cutAt(sent)), way)
    await goOn(registry.oci, imageName, blob, sent.location)
    await expectPulled(registry.oci, imageName, blob)
    await expectNothingLeft(registry)
  })
})

test.for(stages)(
  'PUT of a manifest, cut %s (%s), can be sent again',
  async ([, way, cutAt], { registry, imageName }) => {
    const pushed = image()
    await Promise.all(pushed.blobs.map((blob) => pushBlob(registry.oci, imageName, blob)))
    const type = { 'content-type': pushed.mediaType }
    const sent = requestWith(registry.oci, `PUT /v2/${imageName}/manifests/v1`, pushed.bytes, type)
    await sendAndCut(registry.url, sent.bytes.subarray(0, cutAt(sent)), way)
    expectStatus(201, await putManifest(registry.oci, imageName, pushed, 'v1'))
    expect((await pullImage(registry.oci, imageName, pushed, 'v1')).bytes).toEqual(pushed.bytes)
  },
)

test.for(stages)(
  'UploadLayerPart, cut %s (%s), goes on where it was',
  async ([, way, cutAt], { registry, repositoryName, imageName }) => {
    const { ecr } = registry
    const blob = randomContent(blobBytes)
    const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
    const sent = await signedPart(registry, { repositoryName, uploadId: uploadId! }, blob)
    await sendAndCut(registry.url, sent.bytes.subarray(0, cutAt(sent)), way)

    const part = { repositoryName, uploadId, partFirstByte: 0, partLastByte: blob.size - 1, layerPartBlob: blob.bytes }
    await until('the part to be taken', async () => {
      try {
        await ecr.send(new UploadLayerPartCommand(part))
      } catch (error) {
        if (isOvertaken(error)) return false
        // It had come whole: only the answer was lost.
        expect(error).toBeInstanceOf(InvalidLayerPartException)
        expect(error).toMatchObject({ lastValidByteReceived: blob.size - 1 })
      }
      return true
    })
    await ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [blob.digest] }))
    await expectPulled(registry.oci, imageName, blob)
    await expectNothingLeft(registry)
  },
)

/** The request that was cut may arrive after the one that is to replace it, and the later one has its way. */
function isOvertaken(error: unknown): boolean {
  return error instanceof Error && error.name === 'RequestAbortedException'
}

function requestWith(oci: OciClient, firstLine: string, body: Buffer, headers: Record<string, string> = {}): Sent {
  const length = 'transfer-encoding' in headers ? {} : { 'content-length': body.length }
  const lines = head(firstLine, { host: 'registry', authorization: oci.authorization!, ...length, ...headers })
  return { bytes: Buffer.concat([Buffer.from(lines), body]), headBytes: lines.length }
}

async function signedPart(registry: TestRegistry, upload: object, blob: Content): Promise<Sent> {
  const layerPartBlob = blob.bytes.toString('base64')
  const body = JSON.stringify({ ...upload, partFirstByte: 0, partLastByte: blob.size - 1, layerPartBlob })
  const signed = await sign(registry.url, { key: registry.adminKey, operation: 'UploadLayerPart', body })
  const lines = head('POST /', { host: registry.host, 'content-length': body.length, ...signed.headers })
  return { bytes: Buffer.from(lines + body), headBytes: lines.length }
}

function chunkOf(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

const lastChunk = Buffer.from('0\r\n\r\n')

async function sendAndCut(url: string, bytes: Buffer, way: Way): Promise<void> {
  using connection = await RawConnection.open(url)
  await connection.write(bytes)
  connection[way]()
}

/** As a client does that only knows where its upload is: ask how far it came, send the rest; or begin again. */
async function goOn(oci: OciClient, name: string, blob: Content, location: string | undefined): Promise<void> {
  const isFinished = await until('the push to succeed', async () => {
    const status = location && (await oci.get(location))
    if (!status || status.status === 404) return 'or not there'
    const [, last] = /^0-(\d+)$/.exec(status.headers.get('range')!)!
    const offset = last === '0' ? 0 : Number(last) + 1
    const range = { 'content-range': `${offset}-${blob.size - 1}` }
    const rest = blob.bytes.subarray(offset)
    const completed = oci.put(`${location}?digest=${blob.digest}`, rest, rest.length > 0 ? range : {})
    // The request that was cut may still be on its way: it then takes over, and this connection is closed.
    const answer = await completed.catch(() => undefined)
    // Or it was at work when its progress was asked for.
    if (!answer || answer.status === 416) return undefined
    expectStatus(201, answer)
    return 'yes'
  })
  if (isFinished === 'yes') return
  const found = await oci.head(`/v2/${name}/blobs/${blob.digest}`)
  if (found.status !== 200) await pushBlob(oci, name, blob)
}

async function expectPulled(oci: OciClient, name: string, blob: Content): Promise<void> {
  const pulled = await oci.get(`/v2/${name}/blobs/${blob.digest}`)
  expectStatus(200, pulled)
  expect(sha256(pulled.bytes)).toBe(blob.digest)
}

/** No file is open, and none is there but of blobs, once each. */
async function expectNothingLeft({ app, folder }: TestRegistry): Promise<void> {
  const blobs = `${folder}/blobs`
  await until('files to be closed', async () => openFilesIn(`${blobs}/open`).length === 0)
  await until('what was given up to be removed', async () => {
    await app.registry.sweep.passUntilDone()
    return globSync(`${blobs}/open/*`).length === 0
  })
}
