import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  type ECRPUBLICClient,
  InvalidParameterException,
  paginateDescribeRepositories,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

/** Each with a registry to itself: an account that nobody else is in. */
const test = testWithRegistry().extend('owner', async ({ registry }) => {
  const id = String(200_000_000_000 + ++accounts)
  return {
    id,
    alias: `owner-${accounts}`,
    ecr: registry.ecrAs(await registry.addAccount({ id, alias: `owner-${accounts}` })),
  }
})
let accounts = 0

test('an empty registry has no repositories', async ({ owner }) => {
  const { $metadata, ...answer } = await owner.ecr.send(new DescribeRepositoriesCommand())
  expect(answer).toEqual({ repositories: [] })
})

test('shows each as CreateRepository did', async ({ owner }) => {
  const { repository } = await owner.ecr.send(new CreateRepositoryCommand({ repositoryName: 'team/app' }))
  const byList = await owner.ecr.send(new DescribeRepositoriesCommand({ registryId: owner.id }))
  expect(byList.repositories).toEqual([repository])
  const byName = await owner.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['team/app'] }))
  expect(byName.repositories).toEqual([repository])
})

test('those asked for by name come once each, in that order', async ({ owner }) => {
  await create(owner.ecr, ['one', 'two', 'three'])
  const repositoryNames = ['two', 'one', 'two']
  const { repositories, nextToken } = await owner.ecr.send(new DescribeRepositoriesCommand({ repositoryNames }))
  expect(repositories?.map((repository) => repository.repositoryName)).toEqual(['two', 'one'])
  expect(nextToken).toBeUndefined()
})

test('one unknown name fails the request', async ({ owner }) => {
  await create(owner.ecr, ['one'])
  await expectRefusal(
    owner.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['one', 'nope'] })),
    RepositoryNotFoundException,
    `The repository with name 'nope' does not exist in the registry with id '${owner.id}'`,
  )
})

test('the registry of another account is closed', async ({ registry, owner }) => {
  await expect(registry.ecr.send(new DescribeRepositoriesCommand({ registryId: owner.id }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  })
})

describe('pages', () => {
  const names = Array.from({ length: 13 }, (_, number) => `app-${String(number).padStart(3, '0')}`)

  test('hold a hundred unless asked otherwise', async ({ owner }) => {
    const many = Array.from({ length: 101 }, (_, number) => `app-${String(number).padStart(3, '0')}`)
    await create(owner.ecr, many)
    const first = await owner.ecr.send(new DescribeRepositoriesCommand())
    expect(first.repositories).toHaveLength(100)
    const second = await owner.ecr.send(new DescribeRepositoriesCommand({ nextToken: first.nextToken }))
    expect(second.repositories?.map((repository) => repository.repositoryName)).toEqual(['app-100'])
    expect(second.nextToken).toBeUndefined()
  })

  test('of every size hold everything once, in order', async ({ owner }) => {
    await create(owner.ecr, names)
    for (const pageSize of [1, 5, 12, 13, 14, 1000]) {
      const seen: string[][] = []
      for await (const { repositories = [] } of paginateDescribeRepositories({ client: owner.ecr, pageSize }, {})) {
        seen.push(repositories.map((repository) => repository.repositoryName ?? ''))
      }
      expect(seen.flat()).toEqual(names)
      expect(seen.every((page) => page.length <= pageSize)).toBe(true)
      // The last page is known to be the last one.
      expect(seen).toHaveLength(Math.ceil(names.length / pageSize))
    }
  })

  test('miss and repeat nothing that stood still while others came', async ({ owner }) => {
    await create(owner.ecr, names)
    const seen: string[] = []
    let round = 0
    for await (const { repositories = [] } of paginateDescribeRepositories({ client: owner.ecr, pageSize: 4 }, {})) {
      seen.push(...repositories.map((repository) => repository.repositoryName ?? ''))
      round++
      await create(owner.ecr, [`aaa-${round}`, `app-007-${round}`, `zzz-${round}`])
    }
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.filter((name) => names.includes(name))).toEqual(names)
  })

  test.for([
    [{ maxResults: 0 }, 'maxResults', 'Member must have value greater than or equal to 1'],
    [{ maxResults: 1001 }, 'maxResults', 'Member must have value less than or equal to 1000'],
    [{ maxResults: -5 }, 'maxResults', 'Member must have value greater than or equal to 1'],
    [{ repositoryNames: [] }, 'repositoryNames', 'Member must have length greater than or equal to 1'],
    [
      { repositoryNames: Array(101).fill('app') },
      'repositoryNames',
      'Member must have length less than or equal to 100',
    ],
    [{ registryId: '1234' }, 'registryId', 'Member must satisfy regular expression pattern: [0-9]{12}'],
    [{ registryId: 'library' }, 'registryId', 'Member must satisfy regular expression pattern: [0-9]{12}'],
    [{ repositoryNames: ['app'], maxResults: 5 }, 'maxResults', 'Member must be null where repositoryNames are given'],
    [{ repositoryNames: ['app'], nextToken: 'x' }, 'nextToken', 'Member must be null where repositoryNames are given'],
  ] as const)('cannot be asked for with %o', async ([input, path, constraint], { registry }) => {
    await expectRefusal(
      registry.ecr.send(new DescribeRepositoriesCommand(input as DescribeRepositoriesCommand['input'])),
      InvalidParameterException,
      `Invalid parameter at '${path}' failed to satisfy constraint: '${constraint}'`,
    )
  })

  const tokens = ['x', '', '[]', 'bnVsbA', Buffer.from('["images","app"]').toString('base64url'), 'Zm9v'.repeat(200)]
  test.for(tokens)('cannot be asked for with a token that was not given: %s', async (nextToken, { registry }) => {
    await expectRefusal(
      registry.ecr.send(new DescribeRepositoriesCommand({ nextToken })),
      InvalidParameterException,
      'Invalid parameter at NextToken',
    )
  })
})

function create(ecr: ECRPUBLICClient, names: readonly string[]): Promise<unknown> {
  return Promise.all(names.map((repositoryName) => ecr.send(new CreateRepositoryCommand({ repositoryName }))))
}
