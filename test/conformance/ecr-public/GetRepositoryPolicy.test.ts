import {
  GetRepositoryPolicyCommand,
  RepositoryPolicyNotFoundException,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { policy } from '../../support/users.ts'

const test = testWithRegistry()

test('answers with the policy that was set', async ({ registry, repositoryName }) => {
  const policyText = policy({ Effect: 'Allow', Principal: '*', Action: 'ecr-public:DescribeImages' })
  const set = await registry.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
  const get = await registry.ecr.send(
    new GetRepositoryPolicyCommand({ registryId: registry.accountId, repositoryName }),
  )
  expect(get).toMatchObject({ registryId: registry.accountId, repositoryName, policyText: set.policyText })
  expect(JSON.parse(get.policyText ?? '')).toEqual(JSON.parse(policyText))
})

test('a repository need not have one', async ({ registry, repositoryName }) => {
  await expectRefusal(
    registry.ecr.send(new GetRepositoryPolicyCommand({ repositoryName })),
    RepositoryPolicyNotFoundException,
    `Repository policy does not exist for the repository with name '${repositoryName}' in the registry with id '${registry.accountId}'`,
  )
})
