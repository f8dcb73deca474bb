import {
  DescribeImagesCommand,
  GetRepositoryPolicyCommand,
  InvalidParameterException,
  SetRepositoryPolicyCommand,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'
import { addNewAccount, addUserWith, allow, type PolicyStatement, policy } from '../../support/users.ts'

const test = testWithRegistry()

const readable: PolicyStatement = { Effect: 'Allow', Principal: '*', Action: 'ecr-public:DescribeImages' }
const setting = 'ecr-public:SetRepositoryPolicy'
const invalid = "Invalid parameter at 'PolicyText' failed to satisfy constraint: "

function set({ ecr }: Pick<TestRegistry, 'ecr'>, repositoryName: string, policyText: string, force?: boolean) {
  return ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText, force }))
}

/** The policy text as ECR lays it out: a space before each colon, lists on one line. */
const laidOut = `{
  "Version" : "2008-10-17",
  "Statement" : [ {
    "Sid" : "Allow all to look",
    "Effect" : "Allow",
    "Principal" : "*",
    "Action" : [ "ecr-public:DescribeImages", "ecr-public:DescribeImageTags" ]
  } ]
}`

test('answers with the policy, laid out as ECR does', async ({ registry, repositoryName }) => {
  const { $metadata, ...answer } = await set(registry, repositoryName, JSON.stringify(JSON.parse(laidOut)))
  expect(answer).toEqual({ registryId: registry.accountId, repositoryName, policyText: laidOut })
  expect($metadata.httpStatusCode).toBe(200)
})

test('what ECR lays out is taken back as it is', async ({ registry, repositoryName }) => {
  expect((await set(registry, repositoryName, laidOut)).policyText).toBe(laidOut)
})

test('a policy of full length, longer still when it is laid out, does its work', async ({
  registry,
  repositoryName,
}) => {
  const statement = (Sid: string) => ({ Sid, ...readable })
  const room = 10_240 - policy(statement('')).length
  const full = policy(statement('x'.repeat(room)))
  expect(full).toHaveLength(10_240)
  expect((await set(registry, repositoryName, full)).policyText?.length).toBeGreaterThan(10_240)
  const user = await addUserWith(registry, [])
  await user.ecr.send(new DescribeImagesCommand({ repositoryName }))
  await expectRefusal(
    set(registry, repositoryName, policy(statement('x'.repeat(room + 1)))),
    InvalidParameterException,
    "Invalid parameter at 'policyText' failed to satisfy constraint: 'Member must have length less than or equal to 10240'",
  )
})

test('replaces the policy that there was', async ({ registry, repositoryName }) => {
  await set(registry, repositoryName, policy(readable))
  const second = policy({ ...readable, Sid: 'second' })
  const { policyText } = await set(registry, repositoryName, second)
  expect(await registry.ecr.send(new GetRepositoryPolicyCommand({ repositoryName }))).toMatchObject({ policyText })
  expect(JSON.parse(policyText ?? '')).toEqual(JSON.parse(second))
})

describe('a text that is no policy of a repository is refused:', () => {
  test.for([
    ['nothing', ''],
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no statement', policy()],
    ['a resource', policy({ ...readable, Resource: '*' })],
    ['no principal', policy(allow('ecr-public:*', {}))],
    ['an unknown version', JSON.stringify({ Version: '2026-01-01', Statement: [readable] })],
    ['an unknown operator', policy({ ...readable, Condition: { Sounds: { 'aws:UserAgent': 'like' } } })],
  ] as const)('%s', async ([, policyText], { registry, repositoryName }) => {
    // Not even by force.
    for (const force of [false, true]) {
      const { message } = await expectRefusal(
        set(registry, repositoryName, policyText, force),
        InvalidParameterException,
      )
      expect(message).toContain(`${invalid}'Invalid repository policy provided'`)
    }
  })

  test('none', async ({ registry, repositoryName }) => {
    await expectRefusal(
      registry.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText: undefined })),
      InvalidParameterException,
      "Invalid parameter at 'policyText' failed to satisfy constraint: 'Member must not be null'",
    )
  })
})

describe('principals', () => {
  test('may be everyone, accounts, roots and users that there are, and services of AWS', async ({
    registry,
    repositoryName,
  }) => {
    const [neighbour, user] = [await addNewAccount(registry), await addUserWith(registry, [])]
    const names = ['*', neighbour.id, `arn:aws:iam::${neighbour.id}:root`, registry.accountId, user.arn]
    const statements = [
      { ...readable, Principal: { AWS: names, Service: 'codebuild.amazonaws.com' } },
      ...names.map((name) => ({ ...readable, Principal: { AWS: name } })),
      { Effect: 'Deny', NotPrincipal: { AWS: names }, Action: 'ecr-public:PutImage' },
    ]
    await set(registry, repositoryName, policy(...statements))
  })

  test.for([
    '999999999999',
    'arn:aws:iam::999999999999:root',
    'arn:aws:iam::999999999999:user/alice',
    'arn:aws:iam::000000000000:user/nobody',
    // The root user goes by another name.
    'arn:aws:iam::000000000000:user/admin',
    'arn:aws:iam::000000000000:role/builder',
    'AIDAIOSFODNN7EXAMPLE',
  ])('must exist: %s', async (name, { registry, repositoryName }) => {
    for (const element of [
      { Effect: 'Allow', Principal: { AWS: name } },
      { Effect: 'Deny', NotPrincipal: { AWS: ['*', name] } },
    ]) {
      const { message } = await expectRefusal(
        set(registry, repositoryName, policy({ ...element, Action: 'ecr-public:PutImage' })),
        InvalidParameterException,
      )
      expect(message).toContain(`${invalid}'Principal not found'`)
      expect(message).toContain(name)
    }
  })
})

describe('a policy that would keep its author from setting another', () => {
  const refused = (sent: Promise<unknown>) => expectRefusal(sent, InvalidParameterException)

  test('is refused unless forced, to the owner too', async ({ registry, repositoryName }) => {
    const lockOut = policy({ Effect: 'Deny', Principal: '*', Action: setting })
    const { message } = await refused(set(registry, repositoryName, lockOut))
    expect(message).toContain(`${invalid}'Invalid repository policy provided'`)
    expect(message).toContain(`arn:aws:iam::${registry.accountId}:root`)
    await set(registry, repositoryName, lockOut, true)
    await expect(set(registry, repositoryName, policy(readable), true)).rejects.toMatchObject({
      name: 'AccessDeniedException',
    })
  })

  test('is one that names somebody else only, for one who has the right from a policy of the repository', async ({
    registry,
    repositoryName,
  }) => {
    const [author, successor] = [await addUserWith(registry, []), await addUserWith(registry, [])]
    const settableBy = (arn: string) => policy({ Effect: 'Allow', Principal: { AWS: arn }, Action: setting })
    await set(registry, repositoryName, settableBy(author.arn))
    await refused(set(author, repositoryName, settableBy(successor.arn)))
    await set(author, repositoryName, settableBy(author.arn))
    await set(author, repositoryName, settableBy(successor.arn), true)
    await expect(set(author, repositoryName, settableBy(author.arn))).rejects.toMatchObject({
      name: 'AccessDeniedException',
    })
  })

  test('is none that leaves it to a policy of the author', async ({ registry, repositoryName }) => {
    const author = await addUserWith(registry, [allow(setting)])
    await set(author, repositoryName, policy(readable))
    await refused(
      set(author, repositoryName, policy({ Effect: 'Deny', Principal: { AWS: author.arn }, Action: 'ecr-public:*' })),
    )
  })

  test('is judged by its conditions', async ({ registry, repositoryName }) => {
    const denyFrom = (address: string) =>
      policy({
        ...{ Effect: 'Deny', Principal: '*', Action: setting },
        Condition: { IpAddress: { 'aws:SourceIp': address } },
      })
    await set(registry, repositoryName, denyFrom('192.0.2.0/24'))
    await refused(set(registry, repositoryName, denyFrom('127.0.0.0/8')))
  })
})
