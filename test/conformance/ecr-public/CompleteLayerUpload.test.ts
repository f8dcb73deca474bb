import { randomBytes } from 'node:crypto'

import {
  CompleteLayerUploadCommand,
  EmptyUploadException,
  InitiateLayerUploadCommand,
  InvalidLayerException,
  InvalidParameterException,
  LayerAlreadyExistsException,
  LayerPartTooSmallException,
  UploadLayerPartCommand,
  UploadNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { content, layer, randomContent, sha256, sha512 } from '../../support/images.ts'
import { pushBlob, uploadLayer } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const partBytesMin = 5 * 1024 * 1024

const test = testWithRegistry()

test('makes a layer of the parts, which can be pulled', async ({ registry, repositoryName, imageName }) => {
  const parts = [randomBytes(partBytesMin), randomBytes(partBytesMin + 1), randomBytes(3)]
  const whole = content(Buffer.concat(parts))
  const uploadId = await upload(registry, repositoryName, ...parts)
  const { $metadata, ...answer } = await complete(registry, repositoryName, uploadId, whole.digest)
  expect(answer).toEqual({
    ...{ registryId: registry.accountId, repositoryName, uploadId },
    layerDigest: whole.digest,
  })
  const pulled = await registry.anonymous.get(`/v2/${imageName}/blobs/${whole.digest}`)
  expect(pulled.bytes.equals(whole.bytes)).toBe(true)
})

test('the registry may be named by its alias, and answers with its id', async ({ registry, repositoryName }) => {
  const blob = layer()
  const uploadId = await upload(registry, repositoryName, blob.bytes)
  const layerDigests = [blob.digest]
  const { registryId } = await registry.ecr.send(
    new CompleteLayerUploadCommand({ registryId: registry.alias, repositoryName, uploadId, layerDigests }),
  )
  expect(registryId).toBe(registry.accountId)
})

describe('the digest', () => {
  test('has to be that of the layer, and the upload waits for a better one', async ({ registry, repositoryName }) => {
    const blob = layer()
    const uploadId = await upload(registry, repositoryName, blob.bytes)
    const message = 'None of the provided layer digests match the calculated layer digest'
    for (const wrong of [sha256('other'), sha512('other'), 'md5:d41d8cd98f00b204e9800998ecf8427e']) {
      await expectRefusal(complete(registry, repositoryName, uploadId, wrong), InvalidLayerException, message)
    }
    expect(await complete(registry, repositoryName, uploadId, blob.digest)).toMatchObject({ layerDigest: blob.digest })
  })

  test('may be any of those that are given', async ({ registry, repositoryName }) => {
    const blob = layer()
    const uploadId = await upload(registry, repositoryName, blob.bytes)
    const digests = [sha256('a'), sha512('b'), blob.digest]
    expect(await complete(registry, repositoryName, uploadId, ...digests)).toMatchObject({ layerDigest: blob.digest })
  })

  test('may be of SHA-512', async ({ registry, repositoryName, imageName }) => {
    const blob = layer()
    const uploadId = await upload(registry, repositoryName, blob.bytes)
    const layerDigest = sha512(blob.bytes)
    expect(await complete(registry, repositoryName, uploadId, layerDigest)).toMatchObject({ layerDigest })
    const pulled = await registry.anonymous.get(`/v2/${imageName}/blobs/${layerDigest}`)
    expect(pulled.bytes).toEqual(blob.bytes)
  })

  test.for([
    [[], 'Member must have length greater than or equal to 1'],
    [Array(101).fill(sha256('a')), 'Member must have length less than or equal to 100'],
    [
      ['latest'],
      'Member must satisfy constraint: [Member must satisfy regular expression pattern: [a-zA-Z0-9-_+.]+:[a-fA-F0-9]+]',
    ],
  ] as const)('cannot be %o', async ([layerDigests, constraint], { registry, repositoryName }) => {
    const uploadId = await upload(registry, repositoryName, Buffer.from('a'))
    await expectRefusal(
      complete(registry, repositoryName, uploadId, ...layerDigests),
      InvalidParameterException,
      `Invalid parameter at 'layerDigests' failed to satisfy constraint: '${constraint}'`,
    )
  })
})

test('an upload without parts is empty', async ({ registry, repositoryName }) => {
  const uploadId = await upload(registry, repositoryName)
  await expectRefusal(
    complete(registry, repositoryName, uploadId, sha256('')),
    EmptyUploadException,
    `The upload with id '${uploadId}' in the repository with name '${repositoryName}' in registry with id '${registry.accountId}' cannot be completed because it does not have any parts.`,
  )
})

test('every part but the last has at least 5 MiB', async ({ registry, repositoryName }) => {
  const parts = [randomBytes(partBytesMin - 1), randomBytes(1)]
  const uploadId = await upload(registry, repositoryName, ...parts)
  await expectRefusal(
    complete(registry, repositoryName, uploadId, sha256(Buffer.concat(parts))),
    LayerPartTooSmallException,
    'All layer parts except the last part should be at least 5MB',
  )
})

test('a layer that the repository has already exists, and the upload is over', async ({ registry, repositoryName }) => {
  const blob = layer()
  await uploadLayer(registry.ecr, repositoryName, blob)
  const uploadId = await upload(registry, repositoryName, blob.bytes)
  await expectRefusal(
    complete(registry, repositoryName, uploadId, blob.digest),
    LayerAlreadyExistsException,
    `Layer with digest '${blob.digest}' already exists in the repository with name '${repositoryName}' in registry with id '${registry.accountId}'`,
  )
  await expectRefusal(complete(registry, repositoryName, uploadId, blob.digest), UploadNotFoundException)
})

test('a layer that only another repository has is new here', async ({ registry, repositoryName }) => {
  const blob = layer()
  await pushBlob(registry.oci, `${registry.alias}/elsewhere`, blob)
  const uploadId = await upload(registry, repositoryName, blob.bytes)
  expect(await complete(registry, repositoryName, uploadId, blob.digest)).toMatchObject({ layerDigest: blob.digest })
})

test('a layer is made once of one upload, however many finish it', async ({ registry, repositoryName, imageName }) => {
  const blob = randomContent(1000)
  const uploadId = await upload(registry, repositoryName, blob.bytes)
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, () => complete(registry, repositoryName, uploadId, blob.digest)),
  )
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(UploadNotFoundException)
  }
  expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
})

test('one content finished in many uploads at once is stored once and served well', async ({
  registry,
  repositoryName,
  imageName,
}) => {
  const blob = randomContent(1000)
  const results = await Promise.allSettled(
    Array.from({ length: 10 }, async () =>
      complete(registry, repositoryName, await upload(registry, repositoryName, blob.bytes), blob.digest),
    ),
  )
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  for (const result of results) {
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(LayerAlreadyExistsException)
  }
  await registry.app.registry.sweep.passUntilDone()
  expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
})

test('an upload of another repository is not there', async ({ registry, repositoryName }) => {
  const uploadId = await upload(registry, repositoryName, Buffer.from('theirs'))
  await pushBlob(registry.oci, `${registry.alias}/elsewhere`, layer())
  await expectRefusal(
    complete(registry, 'elsewhere', uploadId, sha256('theirs')),
    UploadNotFoundException,
    `The upload with id '${uploadId}' does not exist in the repository with name 'elsewhere' in the registry with id '${registry.accountId}'`,
  )
})

/** Begins an upload and sends it these parts. */
async function upload({ ecr }: TestRegistry, repositoryName: string, ...parts: readonly Buffer[]): Promise<string> {
  const { uploadId } = await ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  let partFirstByte = 0
  for (const layerPartBlob of parts) {
    const partLastByte = partFirstByte + layerPartBlob.length - 1
    await ecr.send(new UploadLayerPartCommand({ repositoryName, uploadId, partFirstByte, partLastByte, layerPartBlob }))
    partFirstByte = partLastByte + 1
  }
  return uploadId!
}

function complete({ ecr }: TestRegistry, repositoryName: string, uploadId: string, ...layerDigests: string[]) {
  return ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests }))
}
