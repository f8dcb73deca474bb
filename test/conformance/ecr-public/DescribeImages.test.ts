import {
  DescribeImagesCommand,
  type ImageIdentifier,
  ImageNotFoundException,
  InvalidParameterException,
  paginateDescribeImages,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { artifact, image, index, layer, type Manifest, manifestOf, mediaTypes } from '../../support/images.ts'
import { pushImage, pushImageByApi, putImage } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

test('tells all of an image', async ({ registry, repositoryName }) => {
  const pushed = image({ layers: [layer(100), layer(2000)] })
  const before = Date.now()
  await pushImageByApi(registry.ecr, repositoryName, pushed, 'v1.0')
  await putImage(registry.ecr, repositoryName, pushed, 'latest')
  const { $metadata, ...answer } = await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))
  expect(answer).toEqual({
    imageDetails: [
      {
        registryId: registry.accountId,
        repositoryName,
        imageDigest: pushed.digest,
        imageTags: ['latest', 'v1.0'],
        imageSizeInBytes: pushed.blobs.reduce((sum, blob) => sum + blob.size, 0),
        imagePushedAt: expect.any(Date),
        imageManifestMediaType: mediaTypes.ociManifest,
        artifactMediaType: mediaTypes.ociConfig,
      },
    ],
  })
  const pushedAt = Number(answer.imageDetails?.[0]?.imagePushedAt)
  expect(pushedAt).toBeGreaterThanOrEqual(before)
  expect(pushedAt).toBeLessThanOrEqual(Date.now())
})

test('an index is as large as the largest of its images, and has no artifact type', async ({
  registry,
  repositoryName,
}) => {
  const pushed = index([image({ layers: [layer(10)] }), image({ layers: [layer(5000)] })])
  await pushImageByApi(registry.ecr, repositoryName, pushed, 'all')
  const sizes = pushed.children.map((child) => child.blobs.reduce((sum, blob) => sum + blob.size, 0))
  expect(await details(registry, repositoryName, { imageTag: 'all' })).toEqual([
    {
      ...{ registryId: registry.accountId, repositoryName, imageDigest: pushed.digest, imageTags: ['all'] },
      ...{ imageSizeInBytes: Math.max(...sizes), imagePushedAt: expect.any(Date) },
      imageManifestMediaType: mediaTypes.ociIndex,
    },
  ])
})

test('an artifact is shown with the media type of its config, an unknown manifest with none', async ({
  registry,
  repositoryName,
}) => {
  const [sbom, thing] = [artifact(), manifestOf('{}', 'application/vnd.example.thing+json')]
  await pushImageByApi(registry.ecr, repositoryName, sbom, 'sbom')
  await pushImageByApi(registry.ecr, repositoryName, thing, 'thing')
  expect(await details(registry, repositoryName, { imageTag: 'sbom' }, { imageTag: 'thing' })).toMatchObject([
    { imageDigest: sbom.digest, artifactMediaType: mediaTypes.ociEmpty },
    { imageDigest: thing.digest, imageManifestMediaType: thing.mediaType, imageSizeInBytes: 0 },
  ])
})

test('an image without a tag has no imageTags', async ({ registry, repositoryName, imageName }) => {
  await pushImage(registry.oci, imageName, image())
  const { imageDetails } = await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))
  expect(imageDetails).toHaveLength(1)
  expect(imageDetails?.[0]).not.toHaveProperty('imageTags')
})

test('an empty repository has no images', async ({ registry, repositoryName }) => {
  const { $metadata, ...answer } = await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))
  expect(answer).toEqual({ imageDetails: [] })
})

describe('images asked for', () => {
  test('by tag, by digest and by both come once each, with all their tags', async ({ registry, repositoryName }) => {
    const [one, two] = [image(), image()]
    await pushImageByApi(registry.ecr, repositoryName, one, 'a')
    await putImage(registry.ecr, repositoryName, one, 'b')
    await pushImageByApi(registry.ecr, repositoryName, two)
    const asked = [{ imageDigest: two.digest }, { imageTag: 'b' }, { imageTag: 'a', imageDigest: one.digest }]
    expect(await details(registry, repositoryName, ...asked)).toMatchObject([
      { imageDigest: two.digest },
      { imageDigest: one.digest, imageTags: ['a', 'b'] },
    ])
  })

  const missing = `sha256:${'0'.repeat(64)}`
  test.for<[string, ImageIdentifier, string]>([
    ['by a tag', { imageTag: 'nope' }, "{imageDigest:'null', imageTag:'nope'}"],
    ['by a digest', { imageDigest: missing }, `{imageDigest:'${missing}', imageTag:'null'}`],
    [
      'by a digest that the tag is not on',
      { imageDigest: missing, imageTag: 'there' },
      `{imageDigest:'${missing}', imageTag:'there'}`,
    ],
  ])('%s have to be there, every one', async ([, imageId, shown], { registry, repositoryName }) => {
    await pushImageByApi(registry.ecr, repositoryName, image(), 'there')
    await expectRefusal(
      details(registry, repositoryName, { imageTag: 'there' }, imageId),
      ImageNotFoundException,
      `The image with imageId ${shown} does not exist within the repository with name '${repositoryName}' in the registry with id '${registry.accountId}'`,
    )
  })
})

describe('pages', () => {
  test('of every size hold every image once', async ({ registry, repositoryName }) => {
    const images = await pushMany(registry, repositoryName, 11)
    for (const pageSize of [1, 4, 10, 11, 12]) {
      const pages = await digestsByPage(registry, repositoryName, pageSize)
      expect(pages.flat().toSorted()).toEqual(images.map((pushed) => pushed.digest).toSorted())
      expect(pages).toHaveLength(Math.ceil(images.length / pageSize))
    }
  })

  test('miss and repeat nothing that stood still while others came', async ({ registry, repositoryName }) => {
    const images = await pushMany(registry, repositoryName, 20)
    const seen = (await digestsByPage(registry, repositoryName, 3, () => pushMany(registry, repositoryName, 3))).flat()
    expect(new Set(seen).size).toBe(seen.length)
    for (const pushed of images) expect(seen).toContain(pushed.digest)
  })

  test('hold a hundred unless asked otherwise', async ({ registry, repositoryName }) => {
    await pushMany(registry, repositoryName, 101)
    const first = await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))
    expect(first.imageDetails).toHaveLength(100)
    const { nextToken } = first
    const second = await registry.ecr.send(new DescribeImagesCommand({ repositoryName, nextToken }))
    expect(second.imageDetails).toHaveLength(1)
    expect(second.nextToken).toBeUndefined()
  })
})

describe('refuses', () => {
  const tag = { imageTag: 'a' }
  test.for([
    [{ imageIds: [] }, 'imageIds', 'Member must have length greater than or equal to 1'],
    [{ imageIds: Array(101).fill(tag) }, 'imageIds', 'Member must have length less than or equal to 100'],
    [{ imageIds: [tag], maxResults: 1 }, 'maxResults', 'Member must be null where imageIds are given'],
    [{ imageIds: [tag], nextToken: 'x' }, 'nextToken', 'Member must be null where imageIds are given'],
    [{ maxResults: 1001 }, 'maxResults', 'Member must have value less than or equal to 1000'],
    [{ registryId: 'library' }, 'registryId', 'Member must satisfy regular expression pattern: [0-9]{12}'],
  ] as const)('%o', async ([input, path, constraint], { registry, repositoryName }) => {
    await expectRefusal(
      registry.ecr.send(new DescribeImagesCommand({ repositoryName, ...(input as object) })),
      InvalidParameterException,
      `Invalid parameter at '${path}' failed to satisfy constraint: '${constraint}'`,
    )
  })

  test.for(['x', Buffer.from('["repositories","app"]').toString('base64url'), 'W10'])(
    'a page token that was not given: %s',
    async (nextToken, { registry, repositoryName }) => {
      await expectRefusal(
        registry.ecr.send(new DescribeImagesCommand({ repositoryName, nextToken })),
        InvalidParameterException,
        'Invalid parameter at NextToken',
      )
    },
  )

  test('a repository that is not there', async ({ registry }) => {
    await expectRefusal(
      registry.ecr.send(new DescribeImagesCommand({ repositoryName: 'no/such' })),
      RepositoryNotFoundException,
      `The repository with name 'no/such' does not exist in the registry with id '${registry.accountId}'`,
    )
  })
})

async function details({ ecr }: TestRegistry, repositoryName: string, ...imageIds: ImageIdentifier[]) {
  return (await ecr.send(new DescribeImagesCommand({ repositoryName, imageIds }))).imageDetails
}

/** Manifests that need nothing, so that many are quickly pushed. */
async function pushMany({ ecr }: TestRegistry, repositoryName: string, count: number): Promise<Manifest[]> {
  const thing = 'application/vnd.example.thing+json'
  const manifests = Array.from({ length: count }, () => manifestOf(`{"id":"${crypto.randomUUID()}"}`, thing))
  await Promise.all(manifests.map((pushed) => putImage(ecr, repositoryName, pushed)))
  return manifests
}

async function digestsByPage(
  { ecr }: TestRegistry,
  repositoryName: string,
  pageSize: number,
  meanwhile: () => Promise<unknown> = async () => undefined,
): Promise<string[][]> {
  const pages: string[][] = []
  for await (const page of paginateDescribeImages({ client: ecr, pageSize }, { repositoryName })) {
    pages.push((page.imageDetails ?? []).map((detail) => detail.imageDigest ?? ''))
    await meanwhile()
  }
  return pages
}
