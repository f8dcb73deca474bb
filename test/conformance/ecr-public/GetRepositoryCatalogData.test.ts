import {
  CreateRepositoryCommand,
  GetRepositoryCatalogDataCommand,
  PutRepositoryCatalogDataCommand,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { jsonOf } from '../../support/answer.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

test('a repository that nothing was ever said of has an empty entry, as Terraform expects', async ({
  registry,
  repositoryName,
}) => {
  expect(jsonOf(await registry.call('GetRepositoryCatalogData', { repositoryName }))).toEqual({ catalogData: {} })
})

test('answers with what was said, and leaves out what was not', async ({ registry }) => {
  const catalogData = { description: 'A thing', architectures: ['ARM 64', 'x86-64'], aboutText: '' }
  await registry.ecr.send(new CreateRepositoryCommand({ repositoryName: 'said', catalogData }))
  const answer = await registry.call('GetRepositoryCatalogData', {
    registryId: registry.accountId,
    repositoryName: 'said',
  })
  expect(jsonOf(answer)).toEqual({ catalogData })
})

test('is asked of each repository by itself', async ({ registry, repositoryName }) => {
  const [description, other] = ['this one', 'the other one']
  await registry.ecr.send(new CreateRepositoryCommand({ repositoryName: 'other', catalogData: { description: other } }))
  await registry.ecr.send(new PutRepositoryCatalogDataCommand({ repositoryName, catalogData: { description } }))
  const get = await registry.ecr.send(new GetRepositoryCatalogDataCommand({ repositoryName }))
  expect(get.catalogData).toEqual({ description })
})
