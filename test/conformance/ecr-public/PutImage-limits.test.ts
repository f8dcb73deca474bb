import {
  DescribeImagesCommand,
  ImageAlreadyExistsException,
  InvalidParameterException,
  LimitExceededException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { content, image, layer, type Manifest, manifestOf, mediaTypes } from '../../support/images.ts'
import { pushImageByApi, putImage, putManifest, uploadParts } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const manifestBytesMax = 4 * 1024 * 1024

const test = testWithRegistry({ limits: { tagsPerImageMax: 2, imagesPerRepositoryMax: 3 } })
const roomyTest = testWithRegistry()

describe('a manifest', () => {
  const thing = 'application/vnd.example.thing+json'
  const tooLong = `Invalid parameter at 'imageManifest' failed to satisfy constraint: 'Member must have length less than or equal to ${manifestBytesMax}'`

  test('may have 4 MiB', async ({ registry, repositoryName, imageName }) => {
    const pushed = manifestOf('{}'.padEnd(manifestBytesMax), thing)
    await putImage(registry.ecr, repositoryName, pushed, 'large')
    expect((await registry.anonymous.get(`/v2/${imageName}/manifests/large`)).bytes.equals(pushed.bytes)).toBe(true)
  })

  test('may not have a byte more', async ({ registry, repositoryName, imageName }) => {
    const pushed = manifestOf('{}'.padEnd(manifestBytesMax + 1), thing)
    await expectRefusal(putImage(registry.ecr, repositoryName, pushed), InvalidParameterException, tooLong)
    expect((await putManifest(registry.oci, imageName, pushed, 'large')).status).toBe(413)
  })

  test('is measured in bytes, not in characters', async ({ registry, repositoryName }) => {
    const pushed = manifestOf(JSON.stringify({ text: 'é'.repeat(manifestBytesMax / 2) }), thing)
    await expectRefusal(putImage(registry.ecr, repositoryName, pushed), InvalidParameterException, tooLong)
  })
})

describe('quotas', () => {
  test('an image has only so many tags', async ({ registry, repositoryName, imageName }) => {
    const pushed = image()
    await pushImageByApi(registry.ecr, repositoryName, pushed, 'one')
    await putImage(registry.ecr, repositoryName, pushed, 'two')
    const where = `the repository with name '${repositoryName}' in registry with id '${registry.accountId}'`
    await expectRefusal(
      putImage(registry.ecr, repositoryName, pushed, 'three'),
      LimitExceededException,
      `Adding tag 'three' to an image in ${where} exceeds the maximum allowed number of tags per image which is '2'`,
    )
    expect((await putManifest(registry.oci, imageName, pushed, 'three')).status).toBe(403)
    // A tag that it has already counts no more than once, and one that moved away no longer.
    await expectRefusal(putImage(registry.ecr, repositoryName, pushed, 'two'), ImageAlreadyExistsException)
    await pushImageByApi(registry.ecr, repositoryName, image(), 'two')
    await putImage(registry.ecr, repositoryName, pushed, 'three')
  })

  test('a repository has only so many images', async ({ registry, repositoryName, imageName }) => {
    const [first, one, two, three] = [image(), image(), image(), image()]
    for (const pushed of [first, one, two]) await pushImageByApi(registry.ecr, repositoryName, pushed)
    await uploadParts(registry.ecr, repositoryName, three)
    await expectRefusal(
      putImage(registry.ecr, repositoryName, three, 'new'),
      LimitExceededException,
      `The repository with name '${repositoryName}' in registry with id '${registry.accountId}' already has the maximum allowed number of images which is '3'`,
    )
    expect((await putManifest(registry.oci, imageName, three, 'new')).status).toBe(403)
    // Those that are there can still be tagged.
    await putImage(registry.ecr, repositoryName, first, 'new')
  })
})

describe('at the same moment', () => {
  roomyTest(
    'many images on one tag: all are there, and the last one has the tag',
    async ({ registry, repositoryName, imageName }) => {
      const [config, shared] = [content('{}', mediaTypes.ociEmpty), layer()]
      const images = Array.from({ length: 120 }, (_, number) =>
        image({ config, layers: [shared], members: { annotations: { number: String(number) } } }),
      )
      await uploadParts(registry.ecr, repositoryName, images[0]!)
      const put = async (pushed: Manifest, number: number) => {
        if (number % 2 === 0) return void (await putImage(registry.ecr, repositoryName, pushed, 'latest'))
        const { status, headers } = await putManifest(registry.oci, imageName, pushed, 'latest')
        expect([status, headers.get('docker-content-digest')]).toEqual([201, pushed.digest])
      }
      await Promise.all(images.map(put))
      const { imageDetails = [] } = await registry.ecr.send(
        new DescribeImagesCommand({ repositoryName, maxResults: 1000 }),
      )
      expect(imageDetails.map((detail) => detail.imageDigest)).toEqual(images.map((pushed) => pushed.digest).toSorted())
      const tagged = imageDetails.filter((detail) => detail.imageTags)
      expect(tagged.map((detail) => detail.imageTags)).toEqual([['latest']])
      const pulled = await registry.anonymous.get(`/v2/${imageName}/manifests/latest`)
      expect(pulled.headers.get('docker-content-digest')).toBe(tagged[0]!.imageDigest)
    },
  )

  roomyTest(
    'the same image under the same tag: one puts it, the others find it there',
    async ({ registry, repositoryName }) => {
      const pushed = image()
      await uploadParts(registry.ecr, repositoryName, pushed)
      const results = await Promise.allSettled(
        Array.from({ length: 30 }, () => putImage(registry.ecr, repositoryName, pushed, 'once')),
      )
      const refused = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []))
      expect(refused).toHaveLength(29)
      for (const reason of refused) expect(reason).toBeInstanceOf(ImageAlreadyExistsException)
    },
  )
})
