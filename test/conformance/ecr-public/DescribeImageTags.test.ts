import {
  DescribeImagesCommand,
  DescribeImageTagsCommand,
  type ECRPUBLICClient,
  type ImageTagDetail,
  InvalidParameterException,
  paginateDescribeImageTags,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { artifact, image, index, type Manifest, mediaTypes } from '../../support/images.ts'
import { pushImageByApi, putImage, uploadParts } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

const minuteMs = 60_000
let aheadMs = 0
const laterTest = testWithRegistry({ clock: () => Date.now() + aheadMs })

test('a repository without tags has none to show', async ({ registry, repositoryName }) => {
  const isEmpty = async () => {
    const { $metadata, ...answer } = await registry.ecr.send(new DescribeImageTagsCommand({ repositoryName }))
    expect(answer).toEqual({ imageTagDetails: [] })
  }
  await isEmpty()
  await pushImageByApi(registry.ecr, repositoryName, image())
  await isEmpty()
})

test('shows each tag with the image it is on, as DescribeImages shows the image', async ({
  registry,
  repositoryName,
}) => {
  const before = Date.now()
  const pushed = image({ format: 'docker' })
  await pushImageByApi(registry.ecr, repositoryName, pushed, '1.0')
  const { imageTagDetails } = await registry.ecr.send(
    new DescribeImageTagsCommand({ registryId: registry.accountId, repositoryName }),
  )
  const { imageDetails } = await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))
  const { imagePushedAt } = imageDetails?.[0] ?? {}
  expect(imageTagDetails).toEqual([
    {
      imageTag: '1.0',
      createdAt: expect.any(Date),
      imageDetail: {
        imageDigest: pushed.digest,
        imageSizeInBytes: pushed.blobs.reduce((sum, blob) => sum + blob.size, 0),
        imagePushedAt,
        imageManifestMediaType: pushed.mediaType,
        artifactMediaType: mediaTypes.dockerConfig,
      },
    },
  ])
  expect(Number(imageTagDetails?.[0]?.createdAt)).toBeGreaterThanOrEqual(before)
})

test('an image has an entry for each of its tags, and an untagged one has none', async ({
  registry,
  repositoryName,
}) => {
  const [one, two] = [artifact(), index([image()])]
  await pushImageByApi(registry.ecr, repositoryName, one, 'b')
  await putImage(registry.ecr, repositoryName, one, 'a')
  await pushImageByApi(registry.ecr, repositoryName, two, 'c')
  expect(await digestsByTag(registry.ecr, repositoryName)).toEqual([
    ['a', one.digest],
    ['b', one.digest],
    ['c', two.digest],
  ])
})

test('of an index there is no artifact media type', async ({ registry, repositoryName }) => {
  await pushImageByApi(registry.ecr, repositoryName, index([image()]), 'all')
  const { imageTagDetails } = await registry.ecr.send(new DescribeImageTagsCommand({ repositoryName }))
  expect(imageTagDetails?.[0]?.imageDetail).not.toHaveProperty('artifactMediaType')
})

laterTest(
  'a tag that moves is as old as its move, and the image as old as its push',
  async ({ registry, repositoryName }) => {
    const [one, two] = [image(), image()]
    await pushImageByApi(registry.ecr, repositoryName, one, 'latest')
    await pushImageByApi(registry.ecr, repositoryName, two)
    aheadMs += minuteMs
    await putImage(registry.ecr, repositoryName, two, 'latest')
    const { imageTagDetails } = await registry.ecr.send(new DescribeImageTagsCommand({ repositoryName }))
    const [{ createdAt, imageDetail } = {}] = imageTagDetails ?? []
    expect(imageDetail?.imageDigest).toBe(two.digest)
    expect(Number(createdAt) - Number(imageDetail?.imagePushedAt)).toBeGreaterThanOrEqual(minuteMs)
  },
)

describe('pages', () => {
  const tags = Array.from({ length: 25 }, (_, number) => `v${String(number).padStart(2, '0')}`)

  test('hold a hundred unless asked otherwise', async ({ registry, repositoryName }) => {
    const many = Array.from({ length: 101 }, (_, number) => `v${String(number).padStart(3, '0')}`)
    await pushUnder(registry.ecr, repositoryName, image(), many)
    const first = await registry.ecr.send(new DescribeImageTagsCommand({ repositoryName }))
    expect(first.imageTagDetails).toHaveLength(100)
    const second = await registry.ecr.send(new DescribeImageTagsCommand({ repositoryName, nextToken: first.nextToken }))
    expect(second.imageTagDetails?.map((detail) => detail.imageTag)).toEqual(['v100'])
    expect(second.nextToken).toBeUndefined()
  })

  test.for([1, 7, 24, 25, 26, 1000])(
    'of %i hold everything once, in order',
    async (pageSize, { registry, repositoryName }) => {
      await pushUnder(registry.ecr, repositoryName, image(), tags)
      const seen: string[][] = []
      const pages = paginateDescribeImageTags({ client: registry.ecr, pageSize }, { repositoryName })
      for await (const { imageTagDetails = [] } of pages)
        seen.push(imageTagDetails.map(({ imageTag }) => imageTag ?? ''))
      expect(seen.flat()).toEqual(tags)
      expect(seen.every((page) => page.length <= pageSize)).toBe(true)
      expect(seen).toHaveLength(Math.ceil(tags.length / pageSize))
    },
  )

  test('miss and repeat nothing that stood still while others came', async ({ registry, repositoryName }) => {
    const pushed = image()
    await pushUnder(registry.ecr, repositoryName, pushed, tags)
    const seen: string[] = []
    let round = 0
    const pages = paginateDescribeImageTags({ client: registry.ecr, pageSize: 4 }, { repositoryName })
    for await (const { imageTagDetails = [] } of pages) {
      seen.push(...imageTagDetails.map(({ imageTag }) => imageTag ?? ''))
      round++
      await pushUnder(registry.ecr, repositoryName, pushed, [`a${round}`, `v12-${round}`, `z${round}`])
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((tag) => tags.includes(tag))).toEqual(tags)
  })

  test.for([
    [0, 'Member must have value greater than or equal to 1'],
    [1001, 'Member must have value less than or equal to 1000'],
  ] as const)('have not %i tags', async ([maxResults, constraint], { registry, repositoryName }) => {
    await expectRefusal(
      registry.ecr.send(new DescribeImageTagsCommand({ repositoryName, maxResults })),
      InvalidParameterException,
      `Invalid parameter at 'maxResults' failed to satisfy constraint: '${constraint}'`,
    )
  })

  test.for(['x', '', Buffer.from('["images","v1"]').toString('base64url')])(
    'cannot be asked for with a token that was not given: %s',
    async (nextToken, { registry, repositoryName }) => {
      await expectRefusal(
        registry.ecr.send(new DescribeImageTagsCommand({ repositoryName, nextToken })),
        InvalidParameterException,
        'Invalid parameter at NextToken',
      )
    },
  )
})

async function digestsByTag(ecr: ECRPUBLICClient, repositoryName: string) {
  const { imageTagDetails = [] } = await ecr.send(new DescribeImageTagsCommand({ repositoryName }))
  return imageTagDetails.map(({ imageTag, imageDetail }: ImageTagDetail) => [imageTag, imageDetail?.imageDigest])
}

/** Pushes an image, if it is not there yet, and puts all these tags on it. */
async function pushUnder(ecr: ECRPUBLICClient, repositoryName: string, manifest: Manifest, tags: readonly string[]) {
  await uploadParts(ecr, repositoryName, manifest)
  await Promise.all(tags.map((tag) => putImage(ecr, repositoryName, manifest, tag)))
}
