import {
  CreateRepositoryCommand,
  DeleteRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  GetRepositoryCatalogDataCommand,
  GetRepositoryPolicyCommand,
  ListTagsForResourceCommand,
  RepositoryNotEmptyException,
  RepositoryNotFoundException,
  RepositoryPolicyNotFoundException,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { image } from '../../support/images.ts'
import { png } from '../../support/pictures.ts'
import { pushImageByApi } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { policy } from '../../support/users.ts'

const test = testWithRegistry()

test('answers with the repository that is gone', async ({ registry, repositoryName }) => {
  const { repositories } = await registry.ecr.send(
    new DescribeRepositoriesCommand({ repositoryNames: [repositoryName] }),
  )
  const { repository } = await registry.ecr.send(
    new DeleteRepositoryCommand({ registryId: registry.accountId, repositoryName }),
  )
  expect([repository]).toEqual(repositories)
  await expectRefusal(
    registry.ecr.send(new DeleteRepositoryCommand({ repositoryName })),
    RepositoryNotFoundException,
    `The repository with name '${repositoryName}' does not exist in the registry with id '${registry.accountId}'`,
  )
})

test('one with images is deleted only by force', async ({ registry, repositoryName, imageName }) => {
  const pushed = image()
  await pushImageByApi(registry.ecr, repositoryName, pushed)
  for (const force of [undefined, false]) {
    await expectRefusal(
      registry.ecr.send(new DeleteRepositoryCommand({ repositoryName, force })),
      RepositoryNotEmptyException,
      `The repository with name '${repositoryName}' in registry with id '${registry.accountId}' cannot be deleted because it still contains images`,
    )
  }
  const path = `/v2/${imageName}/manifests/${pushed.digest}`
  expect((await registry.anonymous.get(path)).status).toBe(200)
  await registry.ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true }))
  expect((await registry.oci.get(path)).status).toBe(404)
})

test('one made anew under its name has nothing of it', async ({ registry }) => {
  const create = (more: Partial<CreateRepositoryCommand['input']> = {}) =>
    registry.ecr.send(new CreateRepositoryCommand({ repositoryName, ...more }))
  const repositoryName = 'phoenix'
  const { repository, catalogData } = await create({
    catalogData: { description: 'old', logoImageBlob: png(64, 64) },
    tags: [{ Key: 'age', Value: 'old' }],
  })
  await registry.ecr.send(
    new SetRepositoryPolicyCommand({
      repositoryName,
      policyText: policy({ Effect: 'Allow', Principal: '*', Action: 'ecr-public:DescribeImages' }),
    }),
  )
  await pushImageByApi(registry.ecr, repositoryName, image(), 'latest')
  await registry.ecr.send(new DeleteRepositoryCommand({ repositoryName, force: true }))
  await create()
  const resourceArn = repository?.repositoryArn
  expect(await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))).toMatchObject({ imageDetails: [] })
  expect(await registry.ecr.send(new ListTagsForResourceCommand({ resourceArn }))).toMatchObject({ tags: [] })
  const catalog = await registry.ecr.send(new GetRepositoryCatalogDataCommand({ repositoryName }))
  expect(catalog.catalogData).toEqual({})
  await expectRefusal(
    registry.ecr.send(new GetRepositoryPolicyCommand({ repositoryName })),
    RepositoryPolicyNotFoundException,
  )
  // What the old one left behind is removed in time.
  await registry.app.registry.sweep.passUntilDone()
  expect((await fetch(`${catalogData?.logoUrl}`)).status).toBe(404)
})
