import {
  InitiateLayerUploadCommand,
  InvalidParameterException,
  RegistryNotFoundException,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const uuid = /^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$/

const test = testWithRegistry()

test('names an upload and asks for parts of 10 MiB', async ({ registry, repositoryName }) => {
  const { $metadata, ...answer } = await registry.ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  expect(answer).toEqual({ uploadId: expect.stringMatching(uuid), partSize: 10 * 1024 * 1024 })
})

test('every upload is another, however the registry is named', async ({ registry, repositoryName }) => {
  const ids = await Promise.all(
    [undefined, registry.accountId, registry.alias].map(async (registryId) => {
      const input = registryId === undefined ? { repositoryName } : { repositoryName, registryId }
      return (await registry.ecr.send(new InitiateLayerUploadCommand(input))).uploadId
    }),
  )
  expect(new Set(ids).size).toBe(3)
})

test('an upload that was begun here can be seen at the registry endpoint', async ({
  registry,
  repositoryName,
  imageName,
}) => {
  const { uploadId } = await registry.ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
  expect((await registry.oci.get(`/v2/${imageName}/blobs/uploads/${uploadId}`)).status).toBe(204)
})

test('the repository has to be there: the API never creates one', async ({ registry }) => {
  await expectRefusal(
    registry.ecr.send(new InitiateLayerUploadCommand({ repositoryName: 'no/such' })),
    RepositoryNotFoundException,
    `The repository with name 'no/such' does not exist in the registry with id '${registry.accountId}'`,
  )
})

test('the registry has to be there', async ({ registry, repositoryName }) => {
  await expectRefusal(
    registry.ecr.send(new InitiateLayerUploadCommand({ repositoryName, registryId: '999999999999' })),
    RegistryNotFoundException,
    "The registry with id '999999999999' does not exist",
  )
})

test.for([
  [{ repositoryName: undefined }, 'repositoryName', 'Member must not be null'],
  [{ repositoryName: 'app', registryId: 'x' }, 'registryId', 'Member must have length greater than or equal to 2'],
  [
    { repositoryName: 'app', registryId: 'x'.repeat(51) },
    'registryId',
    'Member must have length less than or equal to 50',
  ],
] as const)('cannot be asked for with %o', async ([input, path, constraint], { registry }) => {
  await expectRefusal(
    registry.ecr.send(new InitiateLayerUploadCommand(input)),
    InvalidParameterException,
    `Invalid parameter at '${path}' failed to satisfy constraint: '${constraint}'`,
  )
})
