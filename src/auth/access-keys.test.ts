import { describe, expect } from 'vitest'

import type { AuthParts } from '../../test/support/auth-parts.ts'
import { authTest } from '../../test/support/auth-test.ts'
import { AccessKeys, generateAccessKey, newUserId } from './access-keys.ts'
import { SecretBox, SecretUnreadable } from './secret-box.ts'

const account = '123456789012'
const unknown = { code: 'AccessKeyUnknown' }

const test = authTest
  .extend('root', async ({ auth }) => (await auth.identities.accounts.create({ id: account })).rootKey)
  .extend('alice', async ({ auth, root: _ }) => {
    await auth.identities.users.create(account, 'alice')
    return auth.identities.keys.create(account, 'alice')
  })

const putPolicy = ({ identities }: AuthParts, name: string, action: string) =>
  identities.policies.put(
    account,
    'alice',
    name,
    JSON.stringify({ Statement: { Effect: 'Allow', Action: action, Resource: '*' } }),
  )

describe('an access key', () => {
  test('gives its user and its secret', async ({ auth, alice }) => {
    const { principal, secretAccessKey } = await auth.accessKeys.open(alice.accessKeyId)
    expect(secretAccessKey).toBe(alice.secretAccessKey)
    expect(principal).toMatchObject({
      accountId: account,
      userName: 'alice',
      isRoot: false,
      arn: `arn:aws:iam::${account}:user/alice`,
    })
    expect((await auth.accessKeys.holderOf(alice.accessKeyId)).principal).toEqual(principal)
  })

  test('brings the policies of its user, as they are now', async ({ auth, alice }) => {
    const names = async () => (await auth.accessKeys.holderOf(alice.accessKeyId)).policies.map(({ name }) => name)
    expect(await names()).toEqual([])
    await putPolicy(auth, 'push', 'ecr-public:PutImage')
    await auth.identities.policies.attach(account, 'alice', 'AmazonElasticContainerRegistryPublicReadOnly')
    expect(await names()).toEqual(['arn:aws:iam::aws:policy/AmazonElasticContainerRegistryPublicReadOnly', 'push'])
    await auth.identities.policies.remove(account, 'alice', 'push')
    expect(await names()).toHaveLength(1)
  })

  test('brings a policy that was put anew, not the one before', async ({ auth, alice }) => {
    const actions = async () => [
      ...(await auth.accessKeys.holderOf(alice.accessKeyId)).policies[0]!.policy.allows[0]!.actions,
    ]
    await putPolicy(auth, 'mine', 'ecr-public:PutImage')
    expect(await actions()).toEqual(['ecr-public:PutImage'])
    await putPolicy(auth, 'mine', 'ecr-public:DescribeImages')
    expect(await actions()).toEqual(['ecr-public:DescribeImages'])
  })

  test('of a root user brings none', async ({ auth, root }) => {
    expect(await auth.accessKeys.holderOf(root.accessKeyId)).toMatchObject({
      principal: { isRoot: true },
      policies: [],
    })
  })

  test.for([
    ['disabled', ({ identities }: AuthParts, id: string) => identities.keys.setEnabled(id, false)],
    ['deleted', ({ identities }: AuthParts, id: string) => identities.keys.delete(id)],
    ['rotated', ({ identities }: AuthParts, id: string) => identities.keys.rotate(id, 'disable')],
    ['its user deleted', ({ identities }: AuthParts) => identities.users.delete(account, 'alice')],
  ] as const)('%s, is unknown from then on', async ([, end], { auth, alice }) => {
    await auth.accessKeys.open(alice.accessKeyId)
    await end(auth, alice.accessKeyId)
    await expect(auth.accessKeys.open(alice.accessKeyId)).rejects.toMatchObject(unknown)
    await expect(auth.accessKeys.holderOf(alice.accessKeyId)).rejects.toMatchObject(unknown)
  })

  test('enabled again, works again', async ({ auth, alice }) => {
    await auth.identities.keys.setEnabled(alice.accessKeyId, false)
    await auth.identities.keys.setEnabled(alice.accessKeyId, true)
    expect(await auth.accessKeys.open(alice.accessKeyId)).toMatchObject({ secretAccessKey: alice.secretAccessKey })
  })

  test('that is nobody’s is unknown', async ({ auth }) => {
    await expect(auth.accessKeys.open('AKIANOBODY')).rejects.toMatchObject(unknown)
  })

  test('cannot be opened with another secret key', async ({ auth, alice }) => {
    const strangers = new AccessKeys({ metadata: auth.metadata, box: new SecretBox(Buffer.alloc(32, 8)) })
    await expect(strangers.open(alice.accessKeyId)).rejects.toThrow(SecretUnreadable)
  })

  test('is not in the database in the clear', async ({ auth, alice }) => {
    const { key } = (await auth.metadata.view.accessKeys.find(alice.accessKeyId))!
    expect(Buffer.from(key.sealedSecret).includes(alice.secretAccessKey)).toBe(false)
  })
})

describe('what is generated', () => {
  test('has the form of AWS’s', () => {
    const key = generateAccessKey()
    expect(key.accessKeyId).toMatch(/^AKIA[A-Z2-7]{16}$/)
    expect(key.secretAccessKey).toMatch(/^[A-Za-z0-9+/]{40}$/)
    expect(newUserId()).toMatch(/^AIDA[A-Z2-7]{17}$/)
  })

  test('is another one each time', () => {
    const keys = Array.from({ length: 1_000 }, generateAccessKey)
    expect(new Set(keys.flatMap(({ accessKeyId, secretAccessKey }) => [accessKeyId, secretAccessKey])).size).toBe(2_000)
  })
})
