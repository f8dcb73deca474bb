import {
  DeleteRepositoryPolicyCommand,
  DescribeImagesCommand,
  GetRepositoryPolicyCommand,
  RepositoryPolicyNotFoundException,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { addUserWith, policy } from '../../support/users.ts'

const test = testWithRegistry()

test('answers with the policy that is gone, and what it allowed is allowed no longer', async ({
  registry,
  repositoryName,
}) => {
  const user = await addUserWith(registry, [])
  const policyText = policy({ Effect: 'Allow', Principal: '*', Action: 'ecr-public:DescribeImages' })
  const set = await registry.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
  await user.ecr.send(new DescribeImagesCommand({ repositoryName }))
  const deleted = await registry.ecr.send(new DeleteRepositoryPolicyCommand({ repositoryName }))
  expect(deleted).toMatchObject({ registryId: registry.accountId, repositoryName, policyText: set.policyText })
  await expect(user.ecr.send(new DescribeImagesCommand({ repositoryName }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  })
})

test('there is none to delete where there is none', async ({ registry, repositoryName }) => {
  const policyText = policy({ Effect: 'Allow', Principal: '*', Action: 'ecr-public:DescribeImages' })
  await registry.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
  await registry.ecr.send(new DeleteRepositoryPolicyCommand({ repositoryName }))
  for (const command of [
    new DeleteRepositoryPolicyCommand({ repositoryName }),
    new GetRepositoryPolicyCommand({ repositoryName }),
  ] as const) {
    await expectRefusal(
      registry.ecr.send(command as DeleteRepositoryPolicyCommand),
      RepositoryPolicyNotFoundException,
      `Repository policy does not exist for the repository with name '${repositoryName}' in the registry with id '${registry.accountId}'`,
    )
  }
})
