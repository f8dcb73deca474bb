import { describe, expect, test } from 'vitest'

import { type AccountRecord, KeyTaken, type MetadataStore, type UserRecord } from '../../src/metadata/metadata-store.ts'
import { parseAlias } from '../../src/oci/repository-name.ts'
import type { MetadataStoreUnderTest } from './metadata-store.contract.ts'

const account: AccountRecord = {
  ...{ id: '123456789012', createdAt: 1 },
  ...{ createsOnPush: true, displayName: '', isVerified: false },
}
const other: AccountRecord = { ...account, id: '999999999999' }

/** Accounts as they change, and the users that are in them. */
export function describeAccountsOf(driver: MetadataStoreUnderTest): void {
  describe(`MetadataStore contract, accounts: ${driver.name}`, () => {
    /** With two accounts that nobody is in. */
    const check = (title: string, run: (store: MetadataStore) => Promise<void>) =>
      test(title, async () => {
        await using store = await driver.open()
        await store.write(async (tx) => {
          await tx.accounts.insert(account)
          await tx.accounts.insert(other)
        })
        await run(store)
      })

    check('all of an account is replaced but its id and its age', async (store) => {
      const changed = { ...account, createsOnPush: false, displayName: 'Äcme 🚢', isVerified: true }
      expect(await store.write((tx) => tx.accounts.update({ ...changed, createdAt: 99 }))).toBe(true)
      expect(await store.view.accounts.find(account.id)).toEqual(changed)
      expect(await store.view.accounts.find(other.id)).toEqual(other)
      expect(await store.write((tx) => tx.accounts.update({ ...changed, id: '000000000000' }))).toBe(false)
    })

    check('another alias becomes the primary one, and each keeps its age', async (store) => {
      const [first, second] = [parseAlias('first'), parseAlias('second')]
      await store.write(async (tx) => {
        await tx.accounts.insertAlias({ alias: first, accountId: account.id, isPrimary: true, createdAt: 7 })
        await tx.accounts.insertAlias({ alias: second, accountId: account.id, isPrimary: false, createdAt: 5 })
        await tx.accounts.setPrimaryAlias(account.id, second)
      })
      expect(await store.view.accounts.listAliases(account.id)).toEqual([
        { alias: 'first', accountId: account.id, isPrimary: false, createdAt: 7 },
        { alias: 'second', accountId: account.id, isPrimary: true, createdAt: 5 },
      ])
      expect(await store.write((tx) => tx.accounts.removeAlias(first))).toBe(true)
      expect(await store.write((tx) => tx.accounts.removeAlias(first))).toBe(false)
      expect(await store.view.accounts.findByAlias(first)).toBeUndefined()
    })

    check('a user is found by name in the account that it is in', async (store) => {
      const [here, there] = [user('u1', account.id, 'alice'), { ...user('u2', other.id, 'alice'), isRoot: true }]
      await store.write(async (tx) => {
        await tx.users.insert(here)
        await tx.users.insert(there)
      })
      expect(await store.view.users.find(account.id, 'alice')).toEqual(here)
      expect(await store.view.users.find(other.id, 'alice')).toEqual(there)
      expect(await store.view.users.find(account.id, 'Alice')).toBeUndefined()
      const again = store.write((tx) => tx.users.insert(user('u3', account.id, 'alice')))
      await expect(again).rejects.toBeInstanceOf(KeyTaken)
    })

    check('users are listed by name, from behind a name, as many as asked for', async (store) => {
      await store.write(async (tx) => {
        for (const name of ['c', 'a', 'b']) await tx.users.insert(user(`u-${name}`, account.id, name))
        await tx.users.insert(user('elsewhere', other.id, 'aa'))
      })
      const list = async (after: string | undefined, limit: number) =>
        (await store.view.users.list(account.id, { after, limit })).map(({ name }) => name)
      expect(await list(undefined, 10)).toEqual(['a', 'b', 'c'])
      expect(await list('a', 1)).toEqual(['b'])
    })

    check('policies of a user are set by name, and go one by one or with the user', async (store) => {
      const key = { id: 'AKIA1', userId: 'u1', sealedSecret: new Uint8Array(1), isEnabled: true, createdAt: 1 }
      await store.write(async (tx) => {
        await tx.users.insert(user('u1', account.id, 'alice'))
        await tx.accessKeys.insert(key)
        await tx.users.putPolicy('u1', { name: 'b', document: '{}' })
        await tx.users.putPolicy('u1', { name: 'a', document: undefined })
        await tx.users.putPolicy('u1', { name: 'b', document: '{ }' })
      })
      const both = [
        { name: 'a', document: undefined },
        { name: 'b', document: '{ }' },
      ]
      expect(await store.view.users.listPolicies('u1')).toEqual(both)
      expect(await store.write((tx) => tx.users.removePolicy('u1', 'a'))).toBe(true)
      expect(await store.write((tx) => tx.users.removePolicy('u1', 'a'))).toBe(false)
      expect(await store.view.users.listPolicies('u1')).toEqual(both.slice(1))
      expect(await store.write((tx) => tx.users.remove('u1'))).toBe(true)
      expect(await store.write((tx) => tx.users.remove('u1'))).toBe(false)
      expect(await store.view.users.listPolicies('u1')).toEqual([])
      expect(await store.view.accessKeys.find('AKIA1')).toBeUndefined()
    })
  })
}

function user(id: string, accountId: string, name: string): UserRecord {
  return { id, accountId, name, isRoot: false, createdAt: 1 }
}
