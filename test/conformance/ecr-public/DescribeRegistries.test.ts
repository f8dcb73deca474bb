import {
  DescribeRegistriesCommand,
  InvalidParameterException,
  paginateDescribeRegistries,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { addNewAccount, addUserWith, allow } from '../../support/users.ts'

/** Each with a registry to itself. */
const test = testWithRegistry().extend('owner', ({ registry }) => addNewAccount(registry))

test("shows the caller's own registry and nothing else", async ({ registry, owner }) => {
  const { $metadata, ...answer } = await owner.ecr.send(new DescribeRegistriesCommand())
  expect(answer).toEqual({
    registries: [
      {
        registryId: owner.id,
        registryArn: `arn:aws:ecr-public::${owner.id}:registry/${owner.id}`,
        registryUri: `${registry.host}/${owner.alias}`,
        verified: false,
        aliases: [{ name: owner.alias, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: true }],
      },
    ],
  })
  expect($metadata.httpStatusCode).toBe(200)
})

test('says which alias is shown, and which the account was made with', async ({ registry, owner }) => {
  const { accounts } = registry.app.identities
  // One before and one behind it by name.
  await accounts.addAlias(owner.id, `a-${owner.alias}`, { isPrimary: true })
  await accounts.addAlias(owner.id, `z-${owner.alias}`)
  const { registries } = await owner.ecr.send(new DescribeRegistriesCommand())
  expect(registries?.[0]?.registryUri).toBe(`${registry.host}/a-${owner.alias}`)
  expect(registries?.[0]?.aliases).toEqual([
    { name: `a-${owner.alias}`, status: 'ACTIVE', primaryRegistryAlias: true, defaultRegistryAlias: false },
    { name: owner.alias, status: 'ACTIVE', primaryRegistryAlias: false, defaultRegistryAlias: true },
    { name: `z-${owner.alias}`, status: 'ACTIVE', primaryRegistryAlias: false, defaultRegistryAlias: false },
  ])
})

test('says whether the operator vouches for the owner', async ({ registry, owner }) => {
  await registry.app.identities.accounts.change(owner.id, { isVerified: true })
  const { registries } = await owner.ecr.send(new DescribeRegistriesCommand())
  expect(registries?.[0]?.verified).toBe(true)
})

test('an account without an alias is shown by its id', async ({ registry }) => {
  const { accounts } = registry.app.identities
  const { account, rootKey } = await accounts.create()
  const { registries } = await registry.ecrAs(rootKey).send(new DescribeRegistriesCommand())
  expect(registries).toMatchObject([{ registryUri: `${registry.host}/${account.id}`, aliases: [] }])
})

describe('pages', () => {
  test('there is one', async ({ owner }) => {
    const pages: unknown[] = []
    for await (const { registries } of paginateDescribeRegistries({ client: owner.ecr, pageSize: 1 }, {})) {
      pages.push(registries?.map((registry) => registry.registryId))
    }
    expect(pages).toEqual([[owner.id]])
  })

  test.for([
    [0, 'Member must have value greater than or equal to 1'],
    [1001, 'Member must have value less than or equal to 1000'],
  ] as const)('have not %i registries', async ([maxResults, constraint], { owner }) => {
    await expectRefusal(
      owner.ecr.send(new DescribeRegistriesCommand({ maxResults })),
      InvalidParameterException,
      `Invalid parameter at 'maxResults' failed to satisfy constraint: '${constraint}'`,
    )
  })

  test('cannot be asked for with a token that was not given', async ({ owner }) => {
    await expectRefusal(
      owner.ecr.send(new DescribeRegistriesCommand({ nextToken: 'next' })),
      InvalidParameterException,
      'Invalid parameter at NextToken',
    )
  })
})

test('a user is allowed it by the ARN of the registry', async ({ registry, owner }) => {
  const action = 'ecr-public:DescribeRegistries'
  const Resource = `arn:aws:ecr-public::${owner.id}:registry/${owner.id}`
  const allowed = await addUserWith(registry, [allow(action, { Resource })], owner.id)
  const other = await addUserWith(registry, [allow(action, { Resource: `${Resource}0` })], owner.id)
  expect((await allowed.ecr.send(new DescribeRegistriesCommand())).registries).toHaveLength(1)
  await expect(other.ecr.send(new DescribeRegistriesCommand())).rejects.toMatchObject({
    name: 'AccessDeniedException',
    message: `User: ${other.arn} is not authorized to perform: ${action} on resource: ${Resource} because no identity-based policy allows the ${action} action`,
  })
})
