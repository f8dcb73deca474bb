import {
  CreateRepositoryCommand,
  DescribeRepositoriesCommand,
  type ECRPUBLICClient,
  GetRepositoryCatalogDataCommand,
  InvalidParameterException,
  InvalidTagParameterException,
  LimitExceededException,
  ListTagsForResourceCommand,
  RepositoryNotFoundException,
  TooManyTagsException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { png } from '../../support/pictures.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { addUserWith, allow } from '../../support/users.ts'

const test = testWithRegistry()
const fullTest = testWithRegistry({ limits: { repositoriesMax: 0 } })

const said = {
  description: 'A thing',
  architectures: ['ARM 64', 'x86-64'],
  operatingSystems: ['Linux'],
  aboutText: '# About',
  usageText: '# Usage',
}

test('a repository is made with what is said of it, its logo and its tags', async ({ registry }) => {
  const repositoryName = 'complete'
  const tags = [
    { Key: 'team', Value: 'blue' },
    { Key: 'stage', Value: '' },
  ]
  const logoImageBlob = png(60, 60)
  const { repository, catalogData } = await registry.ecr.send(
    new CreateRepositoryCommand({ repositoryName, catalogData: { ...said, logoImageBlob }, tags }),
  )
  expect(catalogData).toEqual({ ...said, logoUrl: expect.stringMatching(/\/logo\/[0-9a-f-]{36}$/) })
  const get = await registry.ecr.send(new GetRepositoryCatalogDataCommand({ repositoryName }))
  expect(get.catalogData).toEqual(catalogData)
  const list = await registry.ecr.send(new ListTagsForResourceCommand({ resourceArn: repository?.repositoryArn }))
  expect(list.tags).toEqual(tags)
  const answer = await fetch(`${catalogData?.logoUrl}`)
  expect(Buffer.from(await answer.arrayBuffer())).toEqual(logoImageBlob)
})

test('nothing need be said, and no tag set', async ({ registry }) => {
  const { catalogData } = await registry.ecr.send(
    new CreateRepositoryCommand({ repositoryName: 'silent', catalogData: {}, tags: [] }),
  )
  expect(catalogData).toEqual({})
})

describe('where a part of it cannot be, nothing is made:', () => {
  const numbered = Array.from({ length: 51 }, (_, number) => ({ Key: `key-${number}`, Value: 'v' }))
  const textAt = (path: string, constraint: string) =>
    `Invalid parameter at '${path}' failed to satisfy constraint: '${constraint}'`

  test.for([
    [
      'a description too long',
      { catalogData: { description: 'x'.repeat(1025) } },
      InvalidParameterException,
      textAt('catalogData.description', 'Member must have length less than or equal to 1024'),
    ],
    [
      'a logo that is none',
      { catalogData: { logoImageBlob: Buffer.from('<svg/>') } },
      InvalidParameterException,
      textAt('catalogData.logoImageBlob', 'Member must be a PNG, JPEG or WebP image'),
    ],
    [
      'a logo too small',
      { catalogData: { logoImageBlob: png(10, 2000) } },
      InvalidParameterException,
      textAt('catalogData.logoImageBlob', 'Member must be 60 to 2048 pixels wide and high, and not 10 by 2000'),
    ],
    [
      'a tag of a reserved key',
      { tags: [{ Key: 'aws:x', Value: 'y' }] },
      InvalidTagParameterException,
      "The tag key 'aws:x' begins with aws:, which is reserved",
    ],
    [
      'too many tags',
      { tags: numbered },
      TooManyTagsException,
      "The resource 'arn:aws:ecr-public::000000000000:repository/never' has more than the maximum allowed number of tags which is '50'",
    ],
  ] as const)('%s', async ([, input, exception, message], { registry }) => {
    const created = registry.ecr.send(
      new CreateRepositoryCommand({ repositoryName: 'never', ...(input as Partial<CreateRepositoryCommand['input']>) }),
    )
    await expectRefusal(created, exception, message)
    await expectRefusal(
      registry.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['never'] })),
      RepositoryNotFoundException,
    )
  })

  fullTest('no room for it', async ({ registry }) => {
    await expectRefusal(
      registry.ecr.send(
        new CreateRepositoryCommand({
          repositoryName: 'never',
          catalogData: { ...said, logoImageBlob: png(64, 64) },
          tags: [{ Key: 'a', Value: 'b' }],
        }),
      ),
      LimitExceededException,
    )
  })
})

describe('a user who may create repositories', () => {
  const create = (ecr: ECRPUBLICClient, repositoryName: string, tags: Record<string, string>) =>
    ecr.send(
      new CreateRepositoryCommand({
        repositoryName,
        tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    )
  const creating = 'ecr-public:CreateRepository'

  test('may say of them what they like, and tag them only by leave to tag', async ({ registry }) => {
    const user = await addUserWith(registry, [allow(creating)])
    const catalogData = { description: 'mine' }
    await user.ecr.send(new CreateRepositoryCommand({ repositoryName: 'users/one', catalogData, tags: [] }))
    await expect(create(user.ecr, 'users/two', { a: 'b' })).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${user.arn} is not authorized to perform: ecr-public:TagResource on resource: arn:aws:ecr-public::${registry.accountId}:repository/users/two because no identity-based policy allows the ecr-public:TagResource action`,
    })
    const tagger = await addUserWith(registry, [allow([creating, 'ecr-public:TagResource'])])
    await create(tagger.ecr, 'users/two', { a: 'b' })
  })

  test('may be held to tags by a condition', async ({ registry }) => {
    const Condition = { StringEquals: { 'aws:RequestTag/team': 'blue' } }
    const statement = allow([creating, 'ecr-public:TagResource'], { Resource: '*', Condition })
    const user = await addUserWith(registry, [statement])
    await create(user.ecr, 'users/blue', { team: 'blue' })
    for (const tags of [{ team: 'red' }, {}]) {
      await expect(create(user.ecr, 'users/red', tags as Record<string, string>)).rejects.toMatchObject({
        name: 'AccessDeniedException',
      })
    }
  })
})
