import {
  CreateRepositoryCommand,
  InvalidParameterException,
  ListTagsForResourceCommand,
  RepositoryNotFoundException,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

test('shows the tags of a repository, with a capital at each member', async ({ registry }) => {
  const tags = [
    { Key: 'team', Value: 'blue' },
    { Key: 'empty', Value: '' },
  ]
  const { repository } = await registry.ecr.send(new CreateRepositoryCommand({ repositoryName: 'tagged', tags }))
  const answer = await registry.ecr.send(new ListTagsForResourceCommand({ resourceArn: repository?.repositoryArn }))
  expect(answer.tags).toEqual(tags)
})

test('shows none where there are none', async ({ registry, repositoryName }) => {
  const resourceArn = `arn:aws:ecr-public::${registry.accountId}:repository/${repositoryName}`
  expect((await registry.ecr.send(new ListTagsForResourceCommand({ resourceArn }))).tags).toEqual([])
})

test('an ARN must be one of a repository that there is', async ({ registry }) => {
  const list = (resourceArn: string) => registry.ecr.send(new ListTagsForResourceCommand({ resourceArn }))
  await expectRefusal(
    list(`arn:aws:ecr-public::${registry.accountId}:registry/${registry.accountId}`),
    InvalidParameterException,
    "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
  )
  await expectRefusal(
    list(`arn:aws:ecr-public::${registry.accountId}:repository/no/such`),
    RepositoryNotFoundException,
    `The repository with name 'no/such' does not exist in the registry with id '${registry.accountId}'`,
  )
})
