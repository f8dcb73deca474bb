import { describe, expect } from 'vitest'

import { authTest } from '../../test/support/auth-test.ts'
import { managedPolicies } from '../iam/managed-policies.ts'
import { identityPolicyLengthMax } from '../iam/policy.ts'
import { policiesPerUserMax } from './user-policies.ts'

const acme = '123456789012'
const text = JSON.stringify({ Statement: { Effect: 'Allow', Action: 'ecr-public:PutImage', Resource: '*' } })

const test = authTest.extend('policies', async ({ auth }) => {
  await auth.identities.accounts.create({ id: acme, alias: 'acme' })
  await auth.identities.users.create(acme, 'bob')
  return auth.identities.policies
})

describe('a managed policy', () => {
  test.for(managedPolicies)(
    '$name is attached, shown and removed by its name or ARN',
    async (managed, { policies }) => {
      const attached = { name: managed.arn, kind: 'managed', text: managed.text }
      for (const spelling of [managed.name, managed.arn]) {
        expect(await policies.attach(acme, 'bob', spelling)).toEqual(attached)
        expect(await policies.attach(acme, 'bob', spelling)).toEqual(attached)
        expect(await policies.list(acme, 'bob')).toEqual([attached])
        expect(await policies.get(acme, 'bob', spelling)).toEqual(attached)
        expect(await policies.remove(acme, 'bob', spelling)).toEqual(attached)
        expect(await policies.list(acme, 'bob')).toEqual([])
      }
    },
  )

  test('that AWS has not, or not for us, is refused with those there are', async ({ policies }) => {
    const attached = policies.attach(acme, 'bob', 'AdministratorAccess')
    await expect(attached).rejects.toThrow('there are AmazonElasticContainerRegistryPublicFullAccess, ')
  })
})

describe('an inline policy', () => {
  test('is kept as it was given, and replaced by the next of its name', async ({ policies }) => {
    const spaced = ` ${text}\n`
    expect(await policies.put(acme, 'bob', 'mine', spaced)).toEqual({ name: 'mine', kind: 'inline', text: spaced })
    expect(await policies.get(acme, 'bob', 'mine')).toMatchObject({ text: spaced })
    await policies.put(acme, 'bob', 'mine', text)
    expect(await policies.list(acme, 'bob')).toEqual([{ name: 'mine', kind: 'inline', text }])
    await policies.remove(acme, 'bob', 'mine')
    await expect(policies.get(acme, 'bob', 'mine')).rejects.toMatchObject({ code: 'PolicyUnknown' })
    await expect(policies.remove(acme, 'bob', 'mine')).rejects.toMatchObject({ code: 'PolicyUnknown' })
  })

  test('may share its name with a managed one, and is meant first', async ({ policies }) => {
    const { name } = managedPolicies[0]!
    await policies.attach(acme, 'bob', name)
    await policies.put(acme, 'bob', name, text)
    expect(await policies.get(acme, 'bob', name)).toMatchObject({ kind: 'inline' })
    await policies.remove(acme, 'bob', name)
    expect(await policies.get(acme, 'bob', name)).toMatchObject({ kind: 'managed' })
  })

  test.for<[what: string, text: string, path: string, reason: string]>([
    ['no JSON', '{', '', ''],
    ['no object', '[]', '', 'not an object'],
    ['no statement', '{}', '', 'no Statement'],
    [
      'a misspelt element',
      '{"Statement":{"Effect":"Allow","Acton":"*","Resource":"*"}}',
      'Statement[0]',
      'unknown element "Acton"',
    ],
    [
      'a repository’s element',
      '{"Statement":{"Effect":"Allow","Principal":"*","Action":"*"}}',
      'Statement[0]',
      'unknown element "Principal"',
    ],
    [
      'a wrong effect',
      '{"Statement":[{"Effect":"allow","Action":"*","Resource":"*"}]}',
      'Statement[0].Effect',
      'neither Allow nor Deny',
    ],
    ['too much text', ' '.repeat(identityPolicyLengthMax + 1), '', `longer than ${identityPolicyLengthMax} characters`],
  ])('with %s is refused with the path to it', async ([, bad, path, reason], { policies }) => {
    const put = policies.put(acme, 'bob', 'mine', bad)
    const facts = { path, reason: expect.stringContaining(reason) as string }
    await expect(put).rejects.toMatchObject({ code: 'PolicyInvalid', facts })
    await expect(put).rejects.toThrow(
      path === '' ? 'the policy cannot be used: ' : `the policy cannot be used: ${path}: `,
    )
    expect(await policies.list(acme, 'bob')).toEqual([])
  })

  test.for(['', 'a b', 'a/b', 'arn:aws:iam::aws:policy/x', 'x'.repeat(129)])(
    'cannot be called %j',
    async (name, { policies }) => {
      await expect(policies.put(acme, 'bob', name, text)).rejects.toMatchObject({ code: 'PolicyNameInvalid' })
    },
  )
})

test('a user has only so many policies, and any of them can still be replaced', async ({ policies }) => {
  for (let nth = 0; nth < policiesPerUserMax; nth++) await policies.put(acme, 'bob', `policy-${nth}`, text)
  const exceeded = { code: 'PoliciesExceeded' }
  await expect(policies.put(acme, 'bob', 'one-more', text)).rejects.toMatchObject(exceeded)
  await expect(policies.attach(acme, 'bob', managedPolicies[0]!.name)).rejects.toMatchObject(exceeded)
  await policies.put(acme, 'bob', 'policy-0', text)
})

test('a root user takes none, since none would matter', async ({ policies }) => {
  const refusal = { code: 'UserIsRoot' }
  await expect(policies.put(acme, 'admin', 'mine', text)).rejects.toMatchObject(refusal)
  await expect(policies.attach(acme, 'admin', managedPolicies[0]!.name)).rejects.toMatchObject(refusal)
})
