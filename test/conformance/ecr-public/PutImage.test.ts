import {
  CreateRepositoryCommand,
  DescribeImagesCommand,
  ImageAlreadyExistsException,
  ImageDigestDoesNotMatchException,
  ImageTagAlreadyExistsException,
  InvalidParameterException,
  LayersNotFoundException,
  PutImageCommand,
  ReferencedImagesNotFoundException,
  RegistryNotFoundException,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { artifact, image, index, layer, manifestOf, mediaTypes, randomContent, sha512 } from '../../support/images.ts'
import {
  asPulled,
  pullImage,
  pushImage,
  pushImageByApi,
  putImage,
  putManifest,
  uploadLayer,
  uploadParts,
} from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

test('stores an image under its tag and answers with all that is known of it', async ({ registry, repositoryName }) => {
  const pushed = image()
  await uploadParts(registry.ecr, repositoryName, pushed)
  const { $metadata, ...answer } = await putImage(registry.ecr, repositoryName, pushed, '1.0')
  expect($metadata.httpStatusCode).toBe(200)
  expect(answer).toEqual({
    image: {
      registryId: registry.accountId,
      repositoryName,
      imageId: { imageDigest: pushed.digest, imageTag: '1.0' },
      imageManifest: pushed.bytes.toString(),
      imageManifestMediaType: pushed.mediaType,
    },
  })
})

describe('every kind of manifest comes back as it was put, by tag and by digest', () => {
  test.for([
    ['an OCI image', () => image()],
    ['a Docker image', () => image({ format: 'docker' })],
    ['an image of several layers', () => image({ layers: [layer(), layer(4096), layer(1)] })],
    ['an image of no layers', () => image({ layers: [] })],
    ['an image of the same layer twice', () => image({ layers: Array(2).fill(layer()) })],
    ['an OCI index', () => index([image(), image()])],
    ['a Docker manifest list', () => index([image({ format: 'docker' })], { format: 'docker' })],
    ['an index of indexes', () => index([index([image()]), image()])],
    ['an index of nothing', () => index([])],
    ['an artifact', () => artifact()],
    ['an artifact about an image that is not there', () => artifact({ subject: image() })],
    ['a manifest of a type nobody knows', () => manifestOf('{"a":1}', 'application/vnd.example.thing+json')],
    [
      'a signed Docker schema 1 manifest',
      () => manifestOf('{"schemaVersion":1,"name":"x"}', 'application/vnd.docker.distribution.manifest.v1+prettyjws'),
    ],
  ] as const)('%s', async ([, build], { registry, repositoryName, imageName }) => {
    const pushed = build()
    await pushImageByApi(registry.ecr, repositoryName, pushed, 'latest')
    expect(await pullImage(registry.anonymous, imageName, pushed, 'latest')).toEqual(asPulled(pushed))
    expect(await pullImage(registry.anonymous, imageName, pushed)).toEqual(asPulled(pushed))
  })
})

describe('tags', () => {
  test('a tag moves, and the image it was on stays to be pulled by digest', async ({
    registry,
    repositoryName,
    imageName,
  }) => {
    const [old, young] = [image(), image()]
    await pushImageByApi(registry.ecr, repositoryName, old, 'latest')
    await pushImageByApi(registry.ecr, repositoryName, young, 'latest')
    expect(await pullImage(registry.anonymous, imageName, young, 'latest')).toEqual(asPulled(young))
    expect(await pullImage(registry.anonymous, imageName, old)).toEqual(asPulled(old))
    expect(await tagsByDigest(registry, repositoryName)).toEqual({
      [young.digest]: ['latest'],
      [old.digest]: undefined,
    })
  })

  test('a tag moves to an image that is there already', async ({ registry, repositoryName }) => {
    const [first, second] = [image(), image()]
    await pushImageByApi(registry.ecr, repositoryName, first, 'a')
    await pushImageByApi(registry.ecr, repositoryName, second, 'b')
    await putImage(registry.ecr, repositoryName, first, 'b')
    expect(await tagsByDigest(registry, repositoryName)).toEqual({
      [first.digest]: ['a', 'b'],
      [second.digest]: undefined,
    })
  })

  test('an image that is there already gets another tag', async ({ registry, repositoryName }) => {
    const pushed = image()
    await pushImageByApi(registry.ecr, repositoryName, pushed, 'one')
    const { image: put } = await putImage(registry.ecr, repositoryName, pushed, 'two')
    expect(put?.imageId).toEqual({ imageDigest: pushed.digest, imageTag: 'two' })
    expect(await tagsByDigest(registry, repositoryName)).toEqual({ [pushed.digest]: ['one', 'two'] })
  })

  test('without a tag an image is stored untagged, and can be tagged later', async ({ registry, repositoryName }) => {
    const pushed = image()
    await uploadParts(registry.ecr, repositoryName, pushed)
    const { image: put } = await putImage(registry.ecr, repositoryName, pushed)
    expect(put?.imageId).toEqual({ imageDigest: pushed.digest })
    expect(await tagsByDigest(registry, repositoryName)).toEqual({ [pushed.digest]: undefined })
    await putImage(registry.ecr, repositoryName, pushed, 'late')
    expect(await tagsByDigest(registry, repositoryName)).toEqual({ [pushed.digest]: ['late'] })
  })

  test('the same image under the same tag exists already', async ({ registry, repositoryName, imageName }) => {
    const pushed = image()
    await pushImageByApi(registry.ecr, repositoryName, pushed, 'v1')
    await expectRefusal(
      putImage(registry.ecr, repositoryName, pushed, 'v1'),
      ImageAlreadyExistsException,
      `Image with digest '${pushed.digest}' and tag 'v1' already exists in the repository with name '${repositoryName}' in registry with id '${registry.accountId}'`,
    )
    // To the registry endpoint, which swallows that, it is a success.
    expect((await putManifest(registry.oci, imageName, pushed, 'v1')).status).toBe(201)
  })

  test('the same image without a tag exists already', async ({ registry, repositoryName, imageName }) => {
    const pushed = image()
    await pushImageByApi(registry.ecr, repositoryName, pushed, 'v1')
    await expectRefusal(
      putImage(registry.ecr, repositoryName, pushed),
      ImageAlreadyExistsException,
      `Image with digest '${pushed.digest}' already exists in the repository with name '${repositoryName}' in registry with id '${registry.accountId}'`,
    )
    expect((await putManifest(registry.oci, imageName, pushed)).status).toBe(201)
  })

  test('in an immutable repository a tag is taken once', async ({ registry, repositoryName, imageName }) => {
    await registry.app.identities.repositories.change(imageName, { hasImmutableTags: true })
    const [first, second] = [image(), image()]
    await pushImageByApi(registry.ecr, repositoryName, first, 'v1')
    await uploadParts(registry.ecr, repositoryName, second)
    await expectRefusal(
      putImage(registry.ecr, repositoryName, second, 'v1'),
      ImageTagAlreadyExistsException,
      `The image tag 'v1' already exists in the '${repositoryName}' repository and cannot be overwritten because the repository is immutable.`,
    )
    // It was all one transaction: the image was not stored either.
    expect(await tagsByDigest(registry, repositoryName)).toEqual({ [first.digest]: ['v1'] })
    await expectRefusal(putImage(registry.ecr, repositoryName, first, 'v1'), ImageAlreadyExistsException)
    await putImage(registry.ecr, repositoryName, first, 'v2')
    expect(await tagsByDigest(registry, repositoryName)).toEqual({ [first.digest]: ['v1', 'v2'] })
  })
})

describe('a digest that is given', () => {
  test('is compared with that of the manifest', async ({ registry, repositoryName }) => {
    const [pushed, other] = [image(), image()]
    await uploadParts(registry.ecr, repositoryName, pushed)
    const input = { repositoryName, imageManifest: pushed.bytes.toString() }
    await expectRefusal(
      registry.ecr.send(new PutImageCommand({ ...input, imageDigest: other.digest })),
      ImageDigestDoesNotMatchException,
      `The image with digest '${other.digest}' in repository '${repositoryName}' and registry ID '${registry.accountId}' does not match the image digest that Amazon ECR has calculated.`,
    )
    const { image: put } = await registry.ecr.send(new PutImageCommand({ ...input, imageDigest: pushed.digest }))
    expect(put?.imageId).toEqual({ imageDigest: pushed.digest })
  })

  test('may be of SHA-512, and is then what the image is called', async ({ registry, repositoryName, imageName }) => {
    const pushed = image()
    await uploadParts(registry.ecr, repositoryName, pushed)
    const imageDigest = sha512(pushed.bytes)
    await registry.ecr.send(
      new PutImageCommand({ repositoryName, imageManifest: pushed.bytes.toString(), imageDigest, imageTag: 'long' }),
    )
    expect(await pullImage(registry.anonymous, imageName, pushed, imageDigest)).toMatchObject({ digest: imageDigest })
    expect(await pullImage(registry.anonymous, imageName, pushed, 'long')).toMatchObject({ digest: imageDigest })
  })

  test.for(['sha256:abc', 'md5:d41d8cd98f00b204e9800998ecf8427e', 'latest', `sha256:${'A'.repeat(64)}`])(
    'is refused when it is none: %s',
    async (imageDigest, { registry, repositoryName }) => {
      const imageManifest = image().bytes.toString()
      const sent = registry.ecr.send(new PutImageCommand({ repositoryName, imageManifest, imageDigest }))
      const { message } = await expectRefusal(sent, InvalidParameterException)
      expect(message).toMatch(/^Invalid parameter at 'imageDigest' failed to satisfy constraint: '/)
    },
  )
})

describe('what a manifest refers to', () => {
  test('has to be there: layers and config are missed by name', async ({ registry, repositoryName }) => {
    const [present, missing] = [layer(), layer()]
    const pushed = image({ layers: [present, missing] })
    await uploadLayer(registry.ecr, repositoryName, present)
    await expectRefusal(
      putImage(registry.ecr, repositoryName, pushed, 'v1'),
      LayersNotFoundException,
      `Layers with digests '[${pushed.blobs[0]!.digest}, ${missing.digest}]' required for pushing image into repository with name '${repositoryName}' in the registry with id '${registry.accountId}' do not exist`,
    )
    expect(await tagsByDigest(registry, repositoryName)).toEqual({})
  })

  test('has to be in the same repository, however well another one has it', async ({ registry, repositoryName }) => {
    const pushed = image()
    await pushImage(registry.oci, `${registry.alias}/elsewhere`, pushed)
    await expectRefusal(putImage(registry.ecr, repositoryName, pushed), LayersNotFoundException)
  })

  test('has to be there: the images of an index are missed by name', async ({ registry, repositoryName }) => {
    const [present, first, second] = [image(), image(), image()]
    await pushImageByApi(registry.ecr, repositoryName, present)
    // Its blobs do not make an image.
    await uploadParts(registry.ecr, repositoryName, first)
    await expectRefusal(
      putImage(registry.ecr, repositoryName, index([first, present, second]), 'v1'),
      ReferencedImagesNotFoundException,
      `Images with digests '[${first.digest}, ${second.digest}]' required for pushing image into repository with name '${repositoryName}' in the registry with id '${registry.accountId}' do not exist`,
    )
  })

  test.for([mediaTypes.dockerForeignLayer, 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'])(
    'need not be there if it is not to be distributed: %s',
    async (mediaType, { registry, repositoryName, imageName }) => {
      const config = randomContent(64, mediaTypes.ociConfig)
      const pushed = image({ config, layers: [{ ...layer(), mediaType }] })
      await uploadLayer(registry.ecr, repositoryName, config)
      await putImage(registry.ecr, repositoryName, pushed, 'windows')
      const answer = await registry.anonymous.get(`/v2/${imageName}/manifests/windows`)
      expect(answer.bytes).toEqual(pushed.bytes)
    },
  )
})

describe('registryId', () => {
  test('may be the account or its alias', async ({ registry, repositoryName }) => {
    const pushed = image()
    await uploadParts(registry.ecr, repositoryName, pushed)
    const imageManifest = pushed.bytes.toString()
    for (const [imageTag, registryId] of [
      ['a', registry.accountId],
      ['b', registry.alias],
    ] as const) {
      const sent = new PutImageCommand({ registryId, repositoryName, imageManifest, imageTag })
      expect((await registry.ecr.send(sent)).image?.registryId).toBe(registry.accountId)
    }
  })

  test.for(['999999999999', 'nobody', 'Not an alias'])(
    'of a registry that there is not: %s',
    async (registryId, { registry }) => {
      const input = { registryId, repositoryName: 'app', imageManifest: image().bytes.toString() }
      await expectRefusal(
        registry.ecr.send(new PutImageCommand(input)),
        RegistryNotFoundException,
        `The registry with id '${registryId}' does not exist`,
      )
    },
  )

  test('of another account opens nothing there', async ({ registry }) => {
    const account = { id: '111122223333', alias: 'neighbour' }
    const neighbour = registry.ecrAs(await registry.addAccount(account))
    await neighbour.send(new CreateRepositoryCommand({ repositoryName: 'theirs/app' }))
    const imageManifest = image().bytes.toString()
    for (const registryId of [account.id, account.alias]) {
      await expectRefusal(
        registry.ecr.send(new PutImageCommand({ registryId, repositoryName: 'no/such', imageManifest })),
        RepositoryNotFoundException,
        `The repository with name 'no/such' does not exist in the registry with id '${registryId}'`,
      )
      await expect(
        registry.ecr.send(new PutImageCommand({ registryId, repositoryName: 'theirs/app', imageManifest })),
      ).rejects.toMatchObject({
        name: 'AccessDeniedException',
        message: `User: arn:aws:iam::${registry.accountId}:root is not authorized to perform: ecr-public:PutImage on resource: arn:aws:ecr-public::111122223333:repository/theirs/app because no resource-based policy allows the ecr-public:PutImage action`,
      })
    }
  })
})

/** The tags of each image in a repository, as DescribeImages tells them. */
async function tagsByDigest(
  { ecr }: TestRegistry,
  repositoryName: string,
): Promise<Record<string, string[] | undefined>> {
  const { imageDetails = [] } = await ecr.send(new DescribeImagesCommand({ repositoryName }))
  return Object.fromEntries(imageDetails.map(({ imageDigest, imageTags }) => [imageDigest, imageTags]))
}
