import {
  BatchDeleteImageCommand,
  DescribeImagesCommand,
  type ECRPUBLICClient,
  type ImageIdentifier,
  InvalidParameterException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { image, index, type Manifest, sha256 } from '../../support/images.ts'
import { pushImageByApi, putImage } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

describe('by digest', () => {
  test('an image goes with all its tags, and each is named', async ({ registry, repositoryName, imageName }) => {
    const pushed = await push(registry.ecr, repositoryName, image(), 'a', 'b')
    const other = await push(registry.ecr, repositoryName, image(), 'c')
    const answer = await remove(registry.ecr, repositoryName, [{ imageDigest: pushed.digest }])
    expect(answer.failures).toEqual([])
    expect(answer.imageIds).toEqual(['a', 'b'].map((imageTag) => ({ imageDigest: pushed.digest, imageTag })))
    expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({ [other.digest]: ['c'] })
    for (const reference of ['a', 'b', pushed.digest]) {
      expect((await registry.oci.get(`/v2/${imageName}/manifests/${reference}`)).status).toBe(404)
    }
  })

  test('an image without tags is named once', async ({ registry, repositoryName }) => {
    const pushed = await push(registry.ecr, repositoryName, image())
    const answer = await remove(registry.ecr, repositoryName, [{ imageDigest: pushed.digest }])
    expect(answer).toEqual({ imageIds: [{ imageDigest: pushed.digest }], failures: [] })
  })

  test('what is gone can be pushed again', async ({ registry, repositoryName }) => {
    const pushed = await push(registry.ecr, repositoryName, image(), 'a')
    await remove(registry.ecr, repositoryName, [{ imageDigest: pushed.digest }])
    await push(registry.ecr, repositoryName, pushed, 'a')
    expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({ [pushed.digest]: ['a'] })
  })
})

describe('by tag', () => {
  test('the tag goes, and the image keeps its others', async ({ registry, repositoryName }) => {
    const pushed = await push(registry.ecr, repositoryName, image(), 'a', 'b')
    const answer = await remove(registry.ecr, repositoryName, [{ imageTag: 'a' }])
    expect(answer).toEqual({ imageIds: [{ imageDigest: pushed.digest, imageTag: 'a' }], failures: [] })
    expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({ [pushed.digest]: ['b'] })
  })

  test('the image goes with its last tag', async ({ registry, repositoryName }) => {
    const pushed = await push(registry.ecr, repositoryName, image(), 'a', 'b')
    const answer = await remove(registry.ecr, repositoryName, [{ imageTag: 'b' }, { imageTag: 'a' }])
    expect(answer.failures).toEqual([])
    expect(byTag(answer.imageIds)).toEqual(['a', 'b'].map((imageTag) => ({ imageDigest: pushed.digest, imageTag })))
    expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({})
  })
})

describe('by both', () => {
  test('the image goes with all its tags', async ({ registry, repositoryName }) => {
    const pushed = await push(registry.ecr, repositoryName, image(), 'a', 'b')
    const answer = await remove(registry.ecr, repositoryName, [{ imageDigest: pushed.digest, imageTag: 'b' }])
    expect(answer.imageIds).toHaveLength(2)
    expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({})
  })

  test('they must belong together', async ({ registry, repositoryName }) => {
    const one = await push(registry.ecr, repositoryName, image(), 'one')
    const two = await push(registry.ecr, repositoryName, image(), 'two')
    const imageId = { imageDigest: one.digest, imageTag: 'two' }
    expect(await remove(registry.ecr, repositoryName, [imageId])).toEqual({
      imageIds: [],
      failures: [{ imageId, failureCode: 'ImageTagDoesNotMatchDigest', failureReason: expect.any(String) }],
    })
    expect(Object.keys(await tagsByDigest(registry.ecr, repositoryName))).toHaveLength(2)
    expect(two.digest).not.toBe(one.digest)
  })
})

describe('failures', () => {
  const missing = { failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }
  const malformedDigest = {
    failureCode: 'InvalidImageDigest',
    failureReason: "Invalid request parameters: image digest should satisfy the regex '[a-zA-Z0-9-_+.]+:[a-fA-F0-9]+'",
  }
  const malformedTag = {
    failureCode: 'InvalidImageTag',
    failureReason: "Invalid request parameters: image tag should satisfy the regex '[a-zA-Z0-9-_.]+'",
  }

  test.for<[ImageIdentifier, object]>([
    [
      {},
      {
        failureCode: 'MissingDigestAndTag',
        failureReason: 'Invalid request parameters: both tag and digest cannot be null',
      },
    ],
    [{ imageDigest: sha256('nothing') }, missing],
    [{ imageTag: 'nothing' }, missing],
    [{ imageDigest: sha256('nothing'), imageTag: 'nothing' }, missing],
    [{ imageDigest: 'sha256:abc' }, missing],
    [{ imageDigest: `SHA256:${'A'.repeat(64)}` }, missing],
    [{ imageTag: '-a' }, missing],
    [{ imageTag: 'x'.repeat(300) }, missing],
    [{ imageDigest: '' }, malformedDigest],
    [{ imageDigest: 'latest' }, malformedDigest],
    [{ imageDigest: 'sha256:xyz', imageTag: 'latest' }, malformedDigest],
    [{ imageTag: '' }, malformedTag],
    [{ imageTag: 'a b' }, malformedTag],
    [{ imageTag: 'a/b' }, malformedTag],
    [{ imageTag: 'x'.repeat(301) }, malformedTag],
  ])('%o', async ([imageId, failure], { registry, repositoryName }) => {
    // It keeps nothing else from being done.
    const pushed = await push(registry.ecr, repositoryName, image(), 'there')
    const answer = await remove(registry.ecr, repositoryName, [imageId, { imageTag: 'there' }])
    expect(answer).toEqual({
      imageIds: [{ imageDigest: pushed.digest, imageTag: 'there' }],
      failures: [{ imageId, ...failure }],
    })
  })
})

describe('an image that belongs to an index', () => {
  test('stays while the index does, by digest and by its last tag', async ({ registry, repositoryName }) => {
    const child = image()
    const [one, two] = [index([child]), index([child, image()])]
    for (const parent of [one, two]) await push(registry.ecr, repositoryName, parent)
    await putImage(registry.ecr, repositoryName, child, 'arm')
    await putImage(registry.ecr, repositoryName, child, 'arm64')
    const parents = [one.digest, two.digest].toSorted().join(', ')
    const failure = {
      failureCode: 'ImageReferencedByManifestList',
      failureReason: `Requested image referenced by manifest list: [${parents}]`,
    }
    expect(await remove(registry.ecr, repositoryName, [{ imageTag: 'arm' }, { imageDigest: child.digest }])).toEqual({
      imageIds: [{ imageDigest: child.digest, imageTag: 'arm' }],
      failures: [{ imageId: { imageDigest: child.digest }, ...failure }],
    })
    expect(await remove(registry.ecr, repositoryName, [{ imageTag: 'arm64' }])).toEqual({
      imageIds: [],
      failures: [{ imageId: { imageTag: 'arm64' }, ...failure }],
    })
  })

  test('goes in one request with the index, in whatever order they are given', async ({ registry, repositoryName }) => {
    const [a, b] = [image(), image()]
    const inner = index([a])
    const outer = await push(registry.ecr, repositoryName, index([inner, b]), 'all')
    const imageIds = [a, inner, b].map(({ digest }) => ({ imageDigest: digest }))
    const answer = await remove(registry.ecr, repositoryName, [...imageIds, { imageTag: 'all' }])
    expect(answer.failures).toEqual([])
    expect(new Set(answer.imageIds?.map(({ imageDigest }) => imageDigest))).toEqual(
      new Set([a, inner, b, outer].map(({ digest }) => digest)),
    )
    expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({})
  })

  test('goes once the index is gone', async ({ registry, repositoryName }) => {
    const child = image()
    await push(registry.ecr, repositoryName, index([child]), 'all')
    await remove(registry.ecr, repositoryName, [{ imageTag: 'all' }])
    expect((await remove(registry.ecr, repositoryName, [{ imageDigest: child.digest }])).failures).toEqual([])
  })
})

test('what is asked for twice, in whatever way, is removed once and is no failure', async ({
  registry,
  repositoryName,
}) => {
  const { digest: imageDigest } = await push(registry.ecr, repositoryName, image(), 'a', 'b')
  const imageIds = [
    { imageTag: 'a' },
    { imageDigest, imageTag: 'a' },
    { imageDigest, imageTag: 'b' },
    { imageDigest },
    { imageTag: 'a' },
  ]
  const answer = await remove(registry.ecr, repositoryName, imageIds)
  expect(answer.failures).toEqual([])
  expect(byTag(answer.imageIds)).toEqual(['a', 'b'].map((imageTag) => ({ imageDigest, imageTag })))
})

test('a hundred go in one request, and not one more', async ({ registry, repositoryName }) => {
  const pushed = image()
  const tags = Array.from({ length: 101 }, (_, number) => `v${number}`)
  await pushImageByApi(registry.ecr, repositoryName, pushed)
  await Promise.all(tags.map((tag) => putImage(registry.ecr, repositoryName, pushed, tag)))
  const imageIds = tags.map((imageTag) => ({ imageTag }))
  await expectRefusal(
    registry.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds })),
    InvalidParameterException,
    "Invalid parameter at 'imageIds' failed to satisfy constraint: 'Member must have length less than or equal to 100'",
  )
  const answer = await remove(registry.ecr, repositoryName, imageIds.slice(0, 100))
  expect(answer.imageIds).toHaveLength(100)
  expect(await tagsByDigest(registry.ecr, repositoryName)).toEqual({ [pushed.digest]: ['v100'] })
})

test.for([
  [[], 'Member must have length greater than or equal to 1'],
  [undefined, 'Member must not be null'],
] as const)('imageIds may not be %o', async ([imageIds, constraint], { registry, repositoryName }) => {
  await expectRefusal(
    registry.ecr.send(new BatchDeleteImageCommand({ repositoryName, imageIds: imageIds && [...imageIds] })),
    InvalidParameterException,
    `Invalid parameter at 'imageIds' failed to satisfy constraint: '${constraint}'`,
  )
})

test('registryId may be the account or its alias', async ({ registry, repositoryName }) => {
  for (const registryId of [registry.accountId, registry.alias]) {
    await push(registry.ecr, repositoryName, image(), registryId)
    const input = { registryId, repositoryName, imageIds: [{ imageTag: registryId }] }
    expect((await registry.ecr.send(new BatchDeleteImageCommand(input))).failures).toEqual([])
  }
})

async function push(ecr: ECRPUBLICClient, repositoryName: string, manifest: Manifest, ...tags: string[]) {
  await pushImageByApi(ecr, repositoryName, manifest, tags[0])
  for (const tag of tags.slice(1)) await putImage(ecr, repositoryName, manifest, tag)
  return manifest
}

async function remove(ecr: ECRPUBLICClient, repositoryName: string, imageIds: readonly ImageIdentifier[]) {
  const { $metadata, ...answer } = await ecr.send(
    new BatchDeleteImageCommand({ repositoryName, imageIds: [...imageIds] }),
  )
  expect($metadata.httpStatusCode).toBe(200)
  return answer
}

function byTag(imageIds: readonly ImageIdentifier[] = []) {
  return imageIds.toSorted((a, b) => (a.imageTag! < b.imageTag! ? -1 : 1))
}

async function tagsByDigest(ecr: ECRPUBLICClient, repositoryName: string) {
  const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName }))
  return Object.fromEntries(imageDetails.map(({ imageDigest, imageTags }) => [imageDigest, imageTags]))
}
