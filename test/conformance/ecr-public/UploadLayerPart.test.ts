import {
  InitiateLayerUploadCommand,
  InvalidLayerPartException,
  InvalidParameterException,
  LimitExceededException,
  UploadLayerPartCommand,
  type UploadLayerPartCommandOutput,
  UploadNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { startUpload } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const partBytesMax = 20 * 1024 * 1024

const test = withUpload(testWithRegistry())
const smallTest = withUpload(testWithRegistry({ limits: { partsMax: 3, layerBytesMax: 1000 } }))

/** Adds an upload that was just begun. */
function withUpload(base: ReturnType<typeof testWithRegistry>) {
  return base.extend('upload', async ({ registry, repositoryName }) => {
    const { uploadId } = await registry.ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
    const send = (input: Partial<UploadLayerPartCommand['input']>): Promise<UploadLayerPartCommandOutput> =>
      registry.ecr.send(new UploadLayerPartCommand({ ...emptyPart, repositoryName, uploadId, ...input }))
    /** Sends this many bytes, said to begin at `partFirstByte`. */
    const sendPart = (partFirstByte: number, bytes: number, rest = {}) =>
      send({ partFirstByte, partLastByte: partFirstByte + bytes - 1, layerPartBlob: Buffer.alloc(bytes, 7), ...rest })
    return { uploadId: uploadId!, send, sendPart }
  })
}

const emptyPart = { partFirstByte: undefined, partLastByte: undefined, layerPartBlob: undefined }

test('takes parts one behind the other and tells how far it has come', async ({ registry, repositoryName, upload }) => {
  const { $metadata, ...answer } = await upload.sendPart(0, 1000)
  expect(answer).toEqual({
    ...{ registryId: registry.accountId, repositoryName, uploadId: upload.uploadId },
    lastByteReceived: 999,
  })
  expect(await upload.sendPart(1000, 1)).toMatchObject({ lastByteReceived: 1000 })
  expect(await upload.sendPart(1001, 500)).toMatchObject({ lastByteReceived: 1500 })
})

test('the registry may be named by its alias, and answers with its id', async ({ registry, upload }) => {
  const { registryId } = await upload.sendPart(0, 1, { registryId: registry.alias })
  expect(registryId).toBe(registry.accountId)
})

test('an upload may be named in capitals', async ({ upload }) => {
  const { uploadId } = await upload.sendPart(0, 1, { uploadId: upload.uploadId.toUpperCase() })
  expect(uploadId).toBe(upload.uploadId)
})

describe('a part that does not fit is refused with the place to go on from', () => {
  test.for([
    ['behind a gap', 2000, 10, 'First byte of the layer part is 2000 instead of 1000'],
    ['over what is there', 500, 1000, 'First byte of the layer part is 500 instead of 1000'],
    ['sent again', 0, 1000, 'First byte of the layer part is 0 instead of 1000'],
  ] as const)('%s', async ([, first, bytes, message], { registry, repositoryName, upload }) => {
    await upload.sendPart(0, 1000)
    const refusal = await expectRefusal(upload.sendPart(first, bytes), InvalidLayerPartException, message)
    expect(refusal).toMatchObject({
      ...{ registryId: registry.accountId, repositoryName, uploadId: upload.uploadId },
      lastValidByteReceived: 999,
    })
    expect(await upload.sendPart(1000, 10)).toMatchObject({ lastByteReceived: 1009 })
  })

  test('the first part, when it is not the first', async ({ upload }) => {
    const message = 'First byte of the layer part is 10 instead of 0'
    const refusal = await expectRefusal(upload.sendPart(10, 10), InvalidLayerPartException, message)
    expect(refusal.lastValidByteReceived).toBeUndefined()
  })

  test.for([
    ['longer than it says', { partFirstByte: 1000, partLastByte: 1004, layerPartBlob: Buffer.alloc(6) }],
    ['shorter than it says', { partFirstByte: 1000, partLastByte: 1004, layerPartBlob: Buffer.alloc(4) }],
    ['empty', { partFirstByte: 1000, partLastByte: 1000, layerPartBlob: Buffer.alloc(0) }],
    ['empty, and ending before it begins', { partFirstByte: 1000, partLastByte: 999, layerPartBlob: Buffer.alloc(0) }],
    ['ending long before it begins', { partFirstByte: 1000, partLastByte: 0, layerPartBlob: Buffer.alloc(1) }],
  ] as const)('%s', async ([, part], { upload }) => {
    await upload.sendPart(0, 1000)
    const refusal = await expectRefusal(upload.send(part), InvalidLayerPartException)
    expect(refusal.lastValidByteReceived).toBe(999)
    expect(await upload.sendPart(1000, 10)).toMatchObject({ lastByteReceived: 1009 })
  })
})

describe('an upload that is not there', () => {
  test('was never begun', async ({ registry, repositoryName, upload }) => {
    const uploadId = '00000000-0000-4000-8000-000000000000'
    await expectRefusal(
      upload.sendPart(0, 1, { uploadId }),
      UploadNotFoundException,
      `The upload with id '${uploadId}' does not exist in the repository with name '${repositoryName}' in the registry with id '${registry.accountId}'`,
    )
  })

  test('is one of another repository', async ({ registry, upload }) => {
    await startUpload(registry.oci, 'library/elsewhere')
    await expectRefusal(upload.sendPart(0, 1, { repositoryName: 'elsewhere' }), UploadNotFoundException)
    expect(await upload.sendPart(0, 1)).toMatchObject({ lastByteReceived: 0 })
  })
})

describe('limits', () => {
  smallTest('an upload has only so many parts', async ({ registry, repositoryName, upload }) => {
    for (const first of [0, 1, 2]) await upload.sendPart(first, 1)
    await expectRefusal(
      upload.sendPart(3, 1),
      LimitExceededException,
      `The upload with id '${upload.uploadId}' in the repository with name '${repositoryName}' in registry with id '${registry.accountId}' already has the maximum allowed number of parts which is '3'`,
    )
  })

  smallTest('a layer has only so many bytes', async ({ upload }) => {
    await upload.sendPart(0, 900)
    const message = "The layer exceeds the maximum allowed size which is '1000' bytes"
    await expectRefusal(upload.sendPart(900, 101), LimitExceededException, message)
    expect(await upload.sendPart(900, 100)).toMatchObject({ lastByteReceived: 999 })
  })

  test('a part has at most 20 MiB', async ({ upload }) => {
    await expectRefusal(
      upload.sendPart(0, partBytesMax + 1),
      InvalidParameterException,
      `Invalid parameter at 'layerPartBlob' failed to satisfy constraint: 'Member must have length less than or equal to ${partBytesMax}'`,
    )
  })
})

describe('parameters', () => {
  test.for([
    [{ partFirstByte: -1 }, 'partFirstByte', 'Member must have value greater than or equal to 0'],
    [{ partLastByte: -1 }, 'partLastByte', 'Member must have value greater than or equal to 0'],
    [{ partFirstByte: undefined }, 'partFirstByte', 'Member must not be null'],
    [{ layerPartBlob: undefined }, 'layerPartBlob', 'Member must not be null'],
    [{ uploadId: undefined }, 'uploadId', 'Member must not be null'],
    [
      { uploadId: '../../etc/passwd' },
      'uploadId',
      'Member must satisfy regular expression pattern: [0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}',
    ],
  ] as const)('%o', async ([input, path, constraint], { upload }) => {
    await expectRefusal(
      upload.sendPart(0, 1, input),
      InvalidParameterException,
      `Invalid parameter at '${path}' failed to satisfy constraint: '${constraint}'`,
    )
  })
})
