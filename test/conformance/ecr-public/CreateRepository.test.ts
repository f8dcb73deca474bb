import {
  CreateRepositoryCommand,
  InvalidParameterException,
  LimitExceededException,
  RepositoryAlreadyExistsException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { image } from '../../support/images.ts'
import { pushImage } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()
const smallTest = testWithRegistry({ limits: { repositoriesMax: 3 } })
const publicTest = testWithRegistry({ config: { publicUrl: 'https://images.example.com' } })

test('makes a repository and answers with all that is known of it', async ({ registry }) => {
  const before = Date.now()
  const { repository, catalogData } = await registry.ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'new/app' }),
  )
  expect(repository).toEqual({
    repositoryArn: `arn:aws:ecr-public::${registry.accountId}:repository/new/app`,
    registryId: registry.accountId,
    repositoryName: 'new/app',
    repositoryUri: `${registry.host}/${registry.alias}/new/app`,
    createdAt: expect.any(Date),
  })
  // Milliseconds and all: a time cut to seconds would be before.
  expect(Number(repository?.createdAt)).toBeGreaterThanOrEqual(before)
  expect(Number(repository?.createdAt)).toBeLessThanOrEqual(Date.now())
  expect(catalogData).toEqual({})
})

test('the URI it answers with is where images are pushed', async ({ registry }) => {
  const { repository } = await registry.ecr.send(new CreateRepositoryCommand({ repositoryName: 'by/uri' }))
  const name = new URL(`http://${repository?.repositoryUri}`).pathname.slice(1)
  await pushImage(registry.oci, name, image(), 'latest')
})

publicTest('the URI shows the name that the registry is known by', async ({ registry }) => {
  const { repository } = await registry.ecr.send(new CreateRepositoryCommand({ repositoryName: 'known' }))
  expect(repository?.repositoryUri).toBe(`images.example.com/${registry.alias}/known`)
})

test('a repository is there once, however many make it', async ({ registry }) => {
  const create = () => registry.ecr.send(new CreateRepositoryCommand({ repositoryName: 'once' }))
  const results = await Promise.allSettled(Array.from({ length: 20 }, create))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  await expectRefusal(
    create(),
    RepositoryAlreadyExistsException,
    `The repository with name 'once' already exists in the registry with id '${registry.accountId}'`,
  )
})

test('another account may have one of the same name', async ({ registry, repositoryName }) => {
  const neighbour = registry.ecrAs(await registry.addAccount({ id: '111122223333', alias: 'neighbour' }))
  const { repository } = await neighbour.send(new CreateRepositoryCommand({ repositoryName }))
  expect(repository).toMatchObject({
    registryId: '111122223333',
    repositoryUri: `${registry.host}/neighbour/${repositoryName}`,
  })
})

smallTest('a registry has only so many repositories', async ({ registry }) => {
  const create = (repositoryName: string) => registry.ecr.send(new CreateRepositoryCommand({ repositoryName }))
  const results = await Promise.allSettled(Array.from({ length: 10 }, (_, number) => create(`app-${number}`)))
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(3)
  await expectRefusal(
    create('one-more'),
    LimitExceededException,
    `The registry with id '${registry.accountId}' already has the maximum allowed number of repositories which is '3'`,
  )
  expect((await registry.oci.post(`/v2/${registry.alias}/one-more/blobs/uploads/`)).status).toBe(403)
})

describe('names', () => {
  const pattern = '(?:[a-z0-9]+(?:[._-][a-z0-9]+)*/)*[a-z0-9]+(?:[._-][a-z0-9]+)*'

  test.for([
    'ab',
    '0a',
    'a.b',
    'a_b',
    'a-b',
    'a/b',
    'a/b/c/d/e/f.g_h-i',
    'a'.repeat(205),
    'blobs/uploads',
    'v2/tags/list',
  ])('may be %s', async (repositoryName, { registry }) => {
    const { repository } = await registry.ecr.send(new CreateRepositoryCommand({ repositoryName }))
    expect(repository?.repositoryName).toBe(repositoryName)
  })

  test.for([
    ['Upper', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a b', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a//b', `Member must satisfy regular expression pattern: ${pattern}`],
    ['/a/b', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a/b/', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a/../b', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a__b', `Member must satisfy regular expression pattern: ${pattern}`],
    ['-a', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a.', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a:b', `Member must satisfy regular expression pattern: ${pattern}`],
    ['ab\n', `Member must satisfy regular expression pattern: ${pattern}`],
    ['é-é', `Member must satisfy regular expression pattern: ${pattern}`],
    ['a', 'Member must have length greater than or equal to 2'],
    ['a'.repeat(206), 'Member must have length less than or equal to 205'],
    [undefined, 'Member must not be null'],
  ] as const)('may not be %s', async ([repositoryName, constraint], { registry }) => {
    await expectRefusal(
      registry.ecr.send(new CreateRepositoryCommand({ repositoryName })),
      InvalidParameterException,
      `Invalid parameter at 'repositoryName' failed to satisfy constraint: '${constraint}'`,
    )
  })
})
