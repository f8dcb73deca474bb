import { describe, expect } from 'vitest'

import { authTest } from '../../test/support/auth-test.ts'

const acme = '123456789012'

const test = authTest.extend('keys', async ({ auth }) => {
  await auth.identities.accounts.create({ id: acme, alias: 'acme' })
  await auth.identities.users.create(acme, 'bob')
  return auth.identities.keys
})

test('a new key has its secret, and no list shows it again', async ({ auth, keys }) => {
  const { secretAccessKey, ...made } = await keys.create('acme', 'bob')
  expect(made).toEqual({
    accessKeyId: expect.stringMatching(/^AKIA/),
    accountId: acme,
    userName: 'bob',
    isEnabled: true,
    createdAt: auth.time.now,
  })
  expect(await keys.list(acme, 'bob')).toEqual([made])
  expect(JSON.stringify(await keys.list(acme))).not.toContain(secretAccessKey)
  expect(await auth.accessKeys.open(made.accessKeyId)).toMatchObject({ secretAccessKey })
})

test('keys are listed by user, and of all users', async ({ auth, keys }) => {
  const first = await keys.create(acme, 'bob')
  auth.time.now++
  const second = await keys.create(acme, 'bob')
  const idsOf = async (user?: string) => (await keys.list(acme, user)).map(({ accessKeyId }) => accessKeyId)
  expect(await idsOf('bob')).toEqual([first.accessKeyId, second.accessKeyId])
  const [rootKeyId] = await idsOf('admin')
  expect(await idsOf()).toEqual([rootKeyId, first.accessKeyId, second.accessKeyId])
})

describe('rotation', () => {
  test.for(['disable', 'delete'] as const)(
    'gives another key to the same user, and can %s the old one',
    async (old, { auth, keys }) => {
      const { accessKeyId } = await keys.create(acme, 'bob')
      auth.time.now++
      const { key, oldAccessKeyId } = await keys.rotate(accessKeyId, old)
      expect(oldAccessKeyId).toBe(accessKeyId)
      expect(await auth.accessKeys.open(key.accessKeyId)).toMatchObject({ secretAccessKey: key.secretAccessKey })
      await expect(auth.accessKeys.open(accessKeyId)).rejects.toMatchObject({ code: 'AccessKeyUnknown' })
      const left = [
        { accessKeyId, isEnabled: false },
        { accessKeyId: key.accessKeyId, isEnabled: true },
      ]
      expect(await keys.list(acme, 'bob')).toMatchObject(old === 'disable' ? left : left.slice(1))
    },
  )

  test('works for a root user, who may be locked out otherwise', async ({ auth, keys }) => {
    const [root] = await keys.list(acme, 'admin')
    const { key } = await keys.rotate(root!.accessKeyId, 'delete')
    expect((await auth.accessKeys.open(key.accessKeyId)).principal).toMatchObject({ isRoot: true })
  })
})

test('a key that there is not is refused, whatever is to be done with it', async ({ keys }) => {
  const refusal = { code: 'KeyUnknown', message: 'there is no access key "AKIANOBODY"' }
  await expect(keys.setEnabled('AKIANOBODY', false)).rejects.toMatchObject(refusal)
  await expect(keys.rotate('AKIANOBODY', 'disable')).rejects.toMatchObject(refusal)
  await expect(keys.delete('AKIANOBODY')).rejects.toMatchObject(refusal)
})

test('a user that there is not has no keys and gets none', async ({ keys }) => {
  await expect(keys.create(acme, 'carol')).rejects.toMatchObject({ code: 'UserUnknown' })
  await expect(keys.list(acme, 'carol')).rejects.toMatchObject({ code: 'UserUnknown' })
})
