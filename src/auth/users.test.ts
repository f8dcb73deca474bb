import { describe, expect } from 'vitest'

import { authTest } from '../../test/support/auth-test.ts'

const acme = '123456789012'

const test = authTest.extend('users', async ({ auth }) => {
  await auth.identities.accounts.create({ id: acme, alias: 'acme' })
  return auth.identities.users
})

test('an account has its root user from the start, and the users made since', async ({ auth, users }) => {
  const made = await users.create('acme', 'bob')
  expect(made).toEqual({
    accountId: acme,
    name: 'bob',
    arn: `arn:aws:iam::${acme}:user/bob`,
    isRoot: false,
    createdAt: auth.time.now,
  })
  const admin = { name: 'admin', isRoot: true, arn: `arn:aws:iam::${acme}:root` }
  expect(await users.list(acme)).toMatchObject([admin, made])
  expect(await users.get(undefined, 'bob')).toEqual(made)
})

test('all users are listed, however many', async ({ users }) => {
  const names = Array.from({ length: 1_100 }, (_, index) => `user-${10_000 + index}`)
  for (const name of names) await users.create(acme, name)
  expect((await users.list(acme)).map(({ name }) => name)).toEqual(['admin', ...names])
})

test('users of one name in two accounts are two', async ({ auth, users }) => {
  const { account } = await auth.identities.accounts.create()
  await users.create(acme, 'bob')
  await users.create(account.id, 'bob')
  await users.delete(account.id, 'bob')
  expect(await users.get(acme, 'bob')).toMatchObject({ accountId: acme })
})

describe('a user', () => {
  test.for(['a', 'x'.repeat(64), 'Team.Bob+ci=1,2@acme-labs_x'])('may be called %j', async (name, { users }) => {
    expect(await users.create(acme, name)).toMatchObject({ name })
  })

  test.for(['', 'x'.repeat(65), 'a b', 'a/b', 'a:b', 'ü', 'a\n', '*'])(
    'cannot be called %j',
    async (name, { users }) => {
      await expect(users.create(acme, name)).rejects.toMatchObject({ code: 'UserNameInvalid' })
    },
  )

  test.for(['bob', 'admin'])('is not made twice: %s', async (name, { users }) => {
    await users.create(acme, 'bob')
    const refusal = { code: 'UserTaken', message: `account ${acme} has a user ${name} already: choose another name` }
    await expect(users.create(acme, name)).rejects.toMatchObject(refusal)
  })

  test('that is deleted is gone, with keys and policies, and comes back with none', async ({ auth, users }) => {
    const { keys, policies } = auth.identities
    await users.create(acme, 'bob')
    await keys.create(acme, 'bob')
    await policies.attach(acme, 'bob', 'AmazonElasticContainerRegistryPublicFullAccess')
    await users.delete(acme, 'bob')
    await expect(users.get(acme, 'bob')).rejects.toMatchObject({ code: 'UserUnknown' })
    await expect(users.delete(acme, 'bob')).rejects.toMatchObject({ code: 'UserUnknown' })
    await users.create(acme, 'bob')
    expect(await keys.list(acme, 'bob')).toEqual([])
    expect(await policies.list(acme, 'bob')).toEqual([])
  })

  test('that is root stays', async ({ users }) => {
    await expect(users.delete(acme, 'admin')).rejects.toMatchObject({ code: 'UserIsRoot' })
    expect(await users.list(acme)).toHaveLength(1)
  })
})
