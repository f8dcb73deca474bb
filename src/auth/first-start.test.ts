import { describe, expect } from 'vitest'

import { authTest } from '../../test/support/auth-test.ts'
import { parseAlias } from '../oci/repository-name.ts'
import { ensureFirstAccount } from './first-start.ts'

const first = { accountId: '123456789012', alias: parseAlias('acme'), adminKey: undefined }
const given = { accessKeyId: 'AKIAGIVEN', secretAccessKey: 'a secret of mine' }

const test = authTest.extend('start', ({ auth }) => (account = first as Parameters<typeof ensureFirstAccount>[1]) => {
  return ensureFirstAccount({ ...auth, clock: () => auth.time.now }, account)
})

describe('the first start', () => {
  test('makes an account that creates on push, and shows the key of its root user once', async ({ auth, start }) => {
    const key = (await start())!
    const account = { id: '123456789012', aliases: ['acme'], createsOnPush: true }
    expect(await auth.identities.accounts.list()).toMatchObject([account])
    expect(await auth.accessKeys.open(key.accessKeyId)).toMatchObject({
      secretAccessKey: key.secretAccessKey,
      principal: { userName: 'admin', isRoot: true },
    })
    expect(await start()).toBeUndefined()
    expect(await auth.identities.keys.list(undefined)).toHaveLength(1)
  })

  test('takes the key it is given, and does not show it', async ({ auth, start }) => {
    expect(await start({ ...first, adminKey: given })).toBeUndefined()
    expect(await auth.accessKeys.open('AKIAGIVEN')).toMatchObject({ secretAccessKey: given.secretAccessKey })
  })
})

test('later starts change nothing, whatever they are given', async ({ auth, start }) => {
  await start()
  const before = [await auth.identities.accounts.list(), await auth.identities.keys.list(undefined)]
  expect(await start({ accountId: '999999999999', alias: parseAlias('other'), adminKey: given })).toBeUndefined()
  expect([await auth.identities.accounts.list(), await auth.identities.keys.list(undefined)]).toEqual(before)
})
