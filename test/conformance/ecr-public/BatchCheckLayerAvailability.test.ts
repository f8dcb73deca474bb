import {
  BatchCheckLayerAvailabilityCommand,
  InvalidParameterException,
  RegistryNotFoundException,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { image, layer, randomContent, sha512 } from '../../support/images.ts'
import { pushBlob, pushImageByApi, uploadLayer } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

test('a layer of an image is available, with its size and its media type', async ({ registry, repositoryName }) => {
  const pushed = image()
  await pushImageByApi(registry.ecr, repositoryName, pushed)
  const { layers, failures } = await check(registry, repositoryName, ...pushed.blobs.map((blob) => blob.digest))
  expect(layers).toEqual(
    pushed.blobs.map(({ digest, size, mediaType }) => ({
      ...{ layerDigest: digest, layerAvailability: 'AVAILABLE', layerSize: size, mediaType },
    })),
  )
  expect(failures).toEqual([])
})

test('a layer is available before there is an image of it, through whichever door it came', async ({
  registry,
  repositoryName,
  imageName,
}) => {
  const [one, two] = [layer(), layer()]
  await uploadLayer(registry.ecr, repositoryName, one)
  await pushBlob(registry.oci, imageName, two)
  const { layers } = await check(registry, repositoryName, one.digest, two.digest)
  expect(layers).toEqual(
    [one, two].map(({ digest, size }) => ({ layerDigest: digest, layerAvailability: 'AVAILABLE', layerSize: size })),
  )
})

test('what the repository does not have is unavailable, and that is no failure', async ({
  registry,
  repositoryName,
}) => {
  const elsewhere = layer()
  await pushBlob(registry.oci, `${registry.alias}/elsewhere`, elsewhere)
  const digests = [elsewhere.digest, randomContent().digest, sha512('nothing')]
  const { layers, failures } = await check(registry, repositoryName, ...digests)
  expect(layers).toEqual(digests.map((layerDigest) => ({ layerDigest, layerAvailability: 'UNAVAILABLE' })))
  expect(failures).toEqual([])
})

test('what is no digest is a failure of its own beside the others', async ({ registry, repositoryName }) => {
  const there = layer()
  await uploadLayer(registry.ecr, repositoryName, there)
  const { layers, failures } = await check(registry, repositoryName, 'latest', there.digest, '', 'sha256:abc')
  expect(layers).toMatchObject([{ layerDigest: there.digest, layerAvailability: 'AVAILABLE' }])
  expect(failures).toEqual([
    { layerDigest: 'latest', failureCode: 'InvalidLayerDigest', failureReason: expect.any(String) },
    { layerDigest: '', failureCode: 'MissingLayerDigest', failureReason: expect.any(String) },
    { layerDigest: 'sha256:abc', failureCode: 'InvalidLayerDigest', failureReason: expect.any(String) },
  ])
})

test('a hundred can be asked for at once, the same one more than once', async ({ registry, repositoryName }) => {
  const digests = Array.from({ length: 99 }, () => randomContent().digest)
  const { layers } = await check(registry, repositoryName, ...digests, digests[0]!)
  expect(layers?.map((answered) => answered.layerDigest)).toEqual(digests)
})

test.for([
  [[], 'Member must have length greater than or equal to 1'],
  [Array(101).fill(randomContent().digest), 'Member must have length less than or equal to 100'],
  [['a'.repeat(1001)], 'Member must satisfy constraint: [Member must have length less than or equal to 1000]'],
] as const)('cannot be asked for %o', async ([layerDigests, constraint], { registry, repositoryName }) => {
  await expectRefusal(
    check(registry, repositoryName, ...layerDigests),
    InvalidParameterException,
    `Invalid parameter at 'layerDigests' failed to satisfy constraint: '${constraint}'`,
  )
})

test('the registry may be named by its alias; it and the repository have to be there', async ({
  registry,
  repositoryName,
}) => {
  const ask = (registryId: string, name: string) =>
    registry.ecr.send(
      new BatchCheckLayerAvailabilityCommand({
        registryId,
        repositoryName: name,
        layerDigests: [randomContent().digest],
      }),
    )
  expect((await ask(registry.alias, repositoryName)).layers).toHaveLength(1)
  const message = `The repository with name 'no/such' does not exist in the registry with id '${registry.alias}'`
  await expectRefusal(ask(registry.alias, 'no/such'), RepositoryNotFoundException, message)
  await expectRefusal(
    ask('nobody', repositoryName),
    RegistryNotFoundException,
    "The registry with id 'nobody' does not exist",
  )
})

function check({ ecr }: TestRegistry, repositoryName: string, ...layerDigests: string[]) {
  return ecr.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }))
}
