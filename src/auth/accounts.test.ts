import { describe, expect } from 'vitest'

import { authTest } from '../../test/support/auth-test.ts'
import { aliasLengthMax } from '../oci/repository-name.ts'
import { displayNameLengthMax } from './accounts.ts'

const acme = '123456789012'
const other = '999999999999'

const test = authTest.extend('accounts', ({ auth }) => auth.identities.accounts)

describe('a new account', () => {
  test('has its id, its alias, and a root user whose key works', async ({ auth, accounts }) => {
    const { account, rootKey } = await accounts.create({
      id: acme,
      alias: 'acme',
      displayName: 'Acme',
      isVerified: true,
    })
    expect(account).toEqual({
      id: acme,
      aliases: ['acme'],
      createsOnPush: false,
      displayName: 'Acme',
      isVerified: true,
      createdAt: auth.time.now,
    })
    expect(await accounts.get(acme)).toEqual(account)
    const { principal } = await auth.accessKeys.open(rootKey.accessKeyId)
    expect(principal).toMatchObject({ accountId: acme, userName: 'admin', isRoot: true })
  })

  test('gets an id of 12 digits where none is given', async ({ accounts }) => {
    const made = [await accounts.create(), await accounts.create()]
    for (const { account } of made) expect(account.id).toMatch(/^[1-9]\d{11}$/)
    expect((await accounts.list()).map(({ id }) => id)).toEqual(made.map(({ account }) => account.id).sort())
  })

  test.for([
    ['an id that is taken', { id: acme }, 'AccountTaken'],
    ['an alias that is taken', { id: other, alias: 'acme' }, 'AliasTaken'],
    ['an id that is none', { id: '12345' }, 'AccountIdInvalid'],
    ['an id in other digits', { id: '１２３４５６７８９０１２' }, 'AccountIdInvalid'],
    ['a long display name', { id: other, displayName: 'x'.repeat(displayNameLengthMax + 1) }, 'DisplayNameTooLong'],
  ] as const)('is not made with %s, nor in part', async ([, options, code], { accounts }) => {
    const { account } = await accounts.create({ id: acme, alias: 'acme' })
    await expect(accounts.create(options)).rejects.toMatchObject({ name: 'IdentityError', code })
    expect(await accounts.list()).toEqual([account])
  })
})

test('settings that are given change, and no others', async ({ accounts }) => {
  const { account } = await accounts.create({ id: acme, alias: 'acme' })
  expect(await accounts.change('acme', { createsOnPush: true })).toEqual({ ...account, createsOnPush: true })
  expect(await accounts.change('acme', { displayName: 'Acme' })).toMatchObject({
    createsOnPush: true,
    displayName: 'Acme',
  })
  expect(await accounts.change('acme', {})).toEqual(await accounts.get(acme))
  const tooLong = accounts.change('acme', { displayName: 'x'.repeat(displayNameLengthMax + 1) })
  await expect(tooLong).rejects.toMatchObject({ code: 'DisplayNameTooLong' })
})

describe('an account is meant', () => {
  test('by its id or any alias, and by nothing while it is the only one', async ({ accounts }) => {
    await expect(accounts.get(undefined)).rejects.toMatchObject({ code: 'AccountAmbiguous' })
    await accounts.create({ id: acme, alias: 'acme' })
    await accounts.addAlias(acme, 'labs')
    for (const name of [acme, 'acme', 'labs', undefined]) expect(await accounts.get(name)).toMatchObject({ id: acme })
    await accounts.create({ id: other })
    await expect(accounts.get(undefined)).rejects.toMatchObject({ code: 'AccountAmbiguous' })
  })

  test.for(['nobody', '000000000001', '', 'NOT AN ALIAS'])('and %j is none', async (name, { accounts }) => {
    await accounts.create({ id: acme, alias: 'acme' })
    await expect(accounts.get(name)).rejects.toMatchObject({ code: 'AccountUnknown', facts: { account: name } })
  })
})

describe('aliases', () => {
  test('the first is primary; others become it when they are made to', async ({ accounts }) => {
    await accounts.create({ id: acme })
    const aliasesAfter = async (change: Promise<{ aliases: readonly string[] }>) => (await change).aliases
    expect(await aliasesAfter(accounts.addAlias(acme, 'b'))).toEqual(['b'])
    expect(await aliasesAfter(accounts.addAlias(acme, 'a'))).toEqual(['b', 'a'])
    expect(await aliasesAfter(accounts.addAlias(acme, 'c', { isPrimary: true }))).toEqual(['c', 'a', 'b'])
    expect(await aliasesAfter(accounts.setPrimaryAlias('a'))).toEqual(['a', 'b', 'c'])
    expect(await aliasesAfter(accounts.setPrimaryAlias('a'))).toEqual(['a', 'b', 'c'])
  })

  test('the primary one goes last', async ({ accounts }) => {
    await accounts.create({ id: acme, alias: 'first' })
    await accounts.addAlias(acme, 'second')
    await expect(accounts.removeAlias('first')).rejects.toMatchObject({ code: 'AliasIsPrimary' })
    expect((await accounts.removeAlias('second')).aliases).toEqual(['first'])
    expect((await accounts.removeAlias('first')).aliases).toEqual([])
    expect((await accounts.addAlias(acme, 'third')).aliases).toEqual(['third'])
  })

  test('one that was removed is free for others', async ({ accounts }) => {
    await accounts.create({ id: acme, alias: 'acme' })
    await accounts.create({ id: other })
    const taken = { code: 'AliasTaken', facts: { alias: 'acme', accountId: acme } }
    await expect(accounts.addAlias(other, 'acme')).rejects.toMatchObject(taken)
    await accounts.removeAlias('acme')
    expect((await accounts.addAlias(other, 'acme')).aliases).toEqual(['acme'])
  })

  test.for([
    ['', 'AliasInvalid'],
    ['Acme', 'AliasInvalid'],
    ['a/b', 'AliasInvalid'],
    [other, 'AliasInvalid'],
    ['x'.repeat(aliasLengthMax + 1), 'AliasInvalid'],
    ['v2', 'AliasReserved'],
    ['admin', 'AliasReserved'],
    ['token', 'AliasReserved'],
  ] as const)('%j cannot be one', async ([alias, code], { accounts }) => {
    await accounts.create({ id: acme })
    await expect(accounts.addAlias(acme, alias)).rejects.toMatchObject({ code })
    await expect(accounts.create({ id: other, alias })).rejects.toMatchObject({ code })
    expect((await accounts.get(acme)).aliases).toEqual([])
  })

  test('what nobody has can be neither removed nor made primary', async ({ accounts }) => {
    await accounts.create({ id: acme, alias: 'acme' })
    for (const name of ['nobody', acme]) {
      await expect(accounts.removeAlias(name)).rejects.toMatchObject({ code: 'AliasUnknown' })
      await expect(accounts.setPrimaryAlias(name)).rejects.toMatchObject({ code: 'AliasUnknown' })
    }
  })
})
