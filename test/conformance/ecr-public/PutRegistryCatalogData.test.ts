import {
  DescribeRegistriesCommand,
  GetRegistryCatalogDataCommand,
  InvalidParameterException,
  PutRegistryCatalogDataCommand,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { addNewAccount, addUserWith, allow } from '../../support/users.ts'

/** Each with a registry to itself. */
const test = testWithRegistry().extend('owner', ({ registry }) => addNewAccount(registry))

test.for(['Acme Corporation', 'x', 'Ünï çödé 🚢', 'x'.repeat(100)])(
  'the display name may be %s',
  async (displayName, { owner }) => {
    const put = await owner.ecr.send(new PutRegistryCatalogDataCommand({ displayName }))
    expect(put.registryCatalogData).toEqual({ displayName })
    const get = await owner.ecr.send(new GetRegistryCatalogDataCommand())
    expect(get.registryCatalogData).toEqual({ displayName })
  },
)

test('an empty name, or none, takes the name away', async ({ owner }) => {
  for (const input of [{ displayName: '' }, {}]) {
    await owner.ecr.send(new PutRegistryCatalogDataCommand({ displayName: 'Acme' }))
    const put = await owner.ecr.send(new PutRegistryCatalogDataCommand(input))
    expect(put.registryCatalogData).toEqual({})
    const get = await owner.ecr.send(new GetRegistryCatalogDataCommand())
    expect(get.registryCatalogData).toEqual({})
  }
})

test('nothing else of the account changes', async ({ registry, owner }) => {
  await registry.app.identities.accounts.change(owner.id, { isVerified: true, createsOnPush: true })
  const before = await registry.app.identities.accounts.get(owner.id)
  await owner.ecr.send(new PutRegistryCatalogDataCommand({ displayName: 'Acme' }))
  expect(await registry.app.identities.accounts.get(owner.id)).toEqual({ ...before, displayName: 'Acme' })
  const { registries } = await owner.ecr.send(new DescribeRegistriesCommand())
  expect(registries).toMatchObject([{ verified: true }])
})

test('the display name has a limit', async ({ owner }) => {
  await expectRefusal(
    owner.ecr.send(new PutRegistryCatalogDataCommand({ displayName: 'x'.repeat(101) })),
    InvalidParameterException,
    "Invalid parameter at 'displayName' failed to satisfy constraint: 'Member must have length less than or equal to 100'",
  )
})

test('a user who may read it may not write it', async ({ registry, owner }) => {
  const user = await addUserWith(registry, [allow('ecr-public:Get*')], owner.id)
  await user.ecr.send(new GetRegistryCatalogDataCommand())
  await expect(user.ecr.send(new PutRegistryCatalogDataCommand({ displayName: 'x' }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  })
})
