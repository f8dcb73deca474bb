import { GetRegistryCatalogDataCommand, PutRegistryCatalogDataCommand } from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { testWithRegistry } from '../../support/registry-test.ts'
import { addNewAccount, addUserWith } from '../../support/users.ts'

/** Each with a registry to itself. */
const test = testWithRegistry().extend('owner', ({ registry }) => addNewAccount(registry))

test('a registry that has no name yet says so by leaving it out', async ({ owner }) => {
  const { $metadata, ...answer } = await owner.ecr.send(new GetRegistryCatalogDataCommand())
  expect(answer).toEqual({ registryCatalogData: {} })
  expect($metadata.httpStatusCode).toBe(200)
})

test('each registry has a name of its own', async ({ registry, owner }) => {
  const other = await addNewAccount(registry)
  await owner.ecr.send(new PutRegistryCatalogDataCommand({ displayName: 'One' }))
  await other.ecr.send(new PutRegistryCatalogDataCommand({ displayName: 'Two' }))
  const { registryCatalogData } = await owner.ecr.send(new GetRegistryCatalogDataCommand())
  expect(registryCatalogData).toEqual({ displayName: 'One' })
})

test('a user without permissions may not ask', async ({ registry, owner }) => {
  const user = await addUserWith(registry, [], owner.id)
  const resource = `arn:aws:ecr-public::${owner.id}:registry/${owner.id}`
  await expect(user.ecr.send(new GetRegistryCatalogDataCommand())).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: `User: ${user.arn} is not authorized to perform: ecr-public:GetRegistryCatalogData on resource: ${resource} because no identity-based policy allows the ecr-public:GetRegistryCatalogData action`,
  })
})
