import {
  type ECRPUBLICClient,
  InvalidParameterException,
  InvalidTagParameterException,
  ListTagsForResourceCommand,
  RepositoryNotFoundException,
  type Tag,
  TagResourceCommand,
  TooManyTagsException,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { addUserWith, allow } from '../../support/users.ts'

const test = testWithRegistry().extend('resourceArn', ({ registry, repositoryName }) => {
  return `arn:aws:ecr-public::${registry.accountId}:repository/${repositoryName}`
})

test('sets tags, over those of the same keys, and leaves the others alone', async ({ registry, resourceArn }) => {
  await tag(registry.ecr, resourceArn, { a: '1', b: '1' })
  await tag(registry.ecr, resourceArn, { b: '2', c: '2' })
  expect(await tagsOf(registry.ecr, resourceArn)).toEqual({ a: '1', b: '2', c: '2' })
})

test('answers nothing', async ({ registry, resourceArn }) => {
  const { $metadata, ...answer } = await registry.ecr.send(new TagResourceCommand({ resourceArn, tags: [] }))
  expect(answer).toEqual({})
  expect($metadata.httpStatusCode).toBe(200)
})

test('keys and values may be as long, as short and as strange as this', async ({ registry, resourceArn }) => {
  const tags = {
    k: '',
    ['x'.repeat(128)]: 'x'.repeat(256),
    'cost:center + a-b=c._/@': 'Ünï çödé 京 1+1=2',
    K: 'another key than k',
    __proto__x: 'p',
    constructor: 'c',
    '10': 'ten',
    aws: 'no prefix',
  }
  await tag(registry.ecr, resourceArn, tags)
  expect(await tagsOf(registry.ecr, resourceArn)).toEqual(tags)
})

test('many at once are all there', async ({ registry, resourceArn }) => {
  const keys = Array.from({ length: 50 }, (_, number) => `key-${number}`)
  await Promise.all(keys.map((key) => tag(registry.ecr, resourceArn, { [key]: key })))
  expect(Object.keys(await tagsOf(registry.ecr, resourceArn)).toSorted()).toEqual(keys.toSorted())
})

describe('a tag that cannot be:', () => {
  test.for<[string, Tag[]]>([
    ['without a key', [{ Value: 'v' }]],
    ['without a value', [{ Key: 'k' }]],
    ['of an empty key', [{ Key: '', Value: 'v' }]],
    ['of a key too long', [{ Key: 'x'.repeat(129), Value: 'v' }]],
    ['of a value too long', [{ Key: 'k', Value: 'x'.repeat(257) }]],
    ['of a key of strange characters', [{ Key: 'a#b', Value: 'v' }]],
    ['of a value of strange characters', [{ Key: 'k', Value: '<b>' }]],
    ['of a key of several lines', [{ Key: 'a\nb', Value: 'v' }]],
    ["of AWS's own", [{ Key: 'aws:created-by', Value: 'v' }]],
    ["of AWS's own, in capitals", [{ Key: 'AWS:created-by', Value: 'v' }]],
    [
      'there twice',
      [
        { Key: 'k', Value: '1' },
        { Key: 'k', Value: '2' },
      ],
    ],
  ])('%s', async ([, tags], { registry, resourceArn }) => {
    const sound = { Key: 'sound', Value: 'v' }
    await expectRefusal(
      registry.ecr.send(new TagResourceCommand({ resourceArn, tags: [sound, ...tags] })),
      InvalidTagParameterException,
    )
    // It is all or nothing.
    expect(await tagsOf(registry.ecr, resourceArn)).toEqual({})
  })
})

describe('a repository has fifty tags at most', () => {
  const numbered = (from: number, to: number) =>
    Object.fromEntries(Array.from({ length: to - from }, (_, number) => [`key-${from + number}`, 'v']))

  test('in one request or in several', async ({ registry, resourceArn }) => {
    const tooMany = (sent: Promise<unknown>) =>
      expectRefusal(
        sent,
        TooManyTagsException,
        `The resource '${resourceArn}' has more than the maximum allowed number of tags which is '50'`,
      )
    await tooMany(tag(registry.ecr, resourceArn, numbered(0, 51)))
    await tag(registry.ecr, resourceArn, numbered(0, 49))
    await tooMany(tag(registry.ecr, resourceArn, numbered(49, 51)))
    await tag(registry.ecr, resourceArn, numbered(49, 50))
    await tooMany(tag(registry.ecr, resourceArn, numbered(50, 51)))
    // What is there can still be changed.
    await tag(registry.ecr, resourceArn, { 'key-7': 'new' })
    expect(await tagsOf(registry.ecr, resourceArn)).toEqual({ ...numbered(0, 50), 'key-7': 'new' })
  })

  test('and a request 200', async ({ registry, resourceArn }) => {
    await expectRefusal(
      tag(registry.ecr, resourceArn, numbered(0, 201)),
      InvalidParameterException,
      "Invalid parameter at 'tags' failed to satisfy constraint: 'Member must have length less than or equal to 200'",
    )
  })
})

describe('an ARN', () => {
  test.for([
    'app',
    'arn:aws:ecr-public::000000000000:repository/',
    'arn:aws:ecr-public::000000000000:repository/Upper',
    'arn:aws:ecr-public::000000000000:registry/000000000000',
    'arn:aws:ecr-public:us-east-1:000000000000:repository/team/app',
    'arn:aws:ecr::000000000000:repository/team/app',
    'arn:aws:iam::000000000000:root',
  ])('may not be %s', async (resourceArn, { registry }) => {
    await expectRefusal(
      tag(registry.ecr, resourceArn, { a: 'b' }),
      InvalidParameterException,
      "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
    )
  })

  test.for([
    ['', 'Member must have length greater than or equal to 1'],
    [
      `arn:aws:ecr-public::000000000000:repository/${'x'.repeat(2048)}`,
      'Member must have length less than or equal to 2048',
    ],
    [undefined, 'Member must not be null'],
  ] as const)('may not be so long: %#', async ([resourceArn, constraint], { registry }) => {
    await expectRefusal(
      registry.ecr.send(new TagResourceCommand({ resourceArn, tags: [] })),
      InvalidParameterException,
      `Invalid parameter at 'resourceArn' failed to satisfy constraint: '${constraint}'`,
    )
  })

  test.for(['000000000000', '999999999999'])('of no repository, in registry %s', async (registryId, { registry }) => {
    await expectRefusal(
      tag(registry.ecr, `arn:aws:ecr-public::${registryId}:repository/no/such`, { a: 'b' }),
      RepositoryNotFoundException,
      `The repository with name 'no/such' does not exist in the registry with id '${registryId}'`,
    )
  })
})

describe('conditions of policies', () => {
  const tagging = 'ecr-public:TagResource'

  test('see the tags that a request would set', async ({ registry, resourceArn }) => {
    const Condition = {
      StringEquals: { 'aws:RequestTag/team': 'blue' },
      'ForAllValues:StringEquals': { 'aws:TagKeys': ['team', 'stage'] },
    }
    const user = await addUserWith(registry, [allow(tagging, { Resource: '*', Condition })])
    const denied = (tags: Record<string, string>) =>
      expect(tag(user.ecr, resourceArn, tags)).rejects.toMatchObject({ name: 'AccessDeniedException' })
    await tag(user.ecr, resourceArn, { team: 'blue', stage: 'test' })
    await denied({ team: 'red' })
    await denied({ stage: 'test' })
    await denied({ team: 'blue', other: 'x' })
  })

  test('see the tags that a repository has', async ({ registry, resourceArn }) => {
    const Condition = { StringEquals: { 'ecr-public:ResourceTag/team': 'blue' } }
    const user = await addUserWith(registry, [allow(tagging, { Resource: '*', Condition })])
    await expect(tag(user.ecr, resourceArn, { a: 'b' })).rejects.toMatchObject({ name: 'AccessDeniedException' })
    await tag(registry.ecr, resourceArn, { team: 'blue' })
    await tag(user.ecr, resourceArn, { a: 'b' })
  })
})

function tag(ecr: ECRPUBLICClient, resourceArn: string, tags: Readonly<Record<string, string>>) {
  return ecr.send(
    new TagResourceCommand({ resourceArn, tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }),
  )
}

async function tagsOf(ecr: ECRPUBLICClient, resourceArn: string) {
  const { tags = [] } = await ecr.send(new ListTagsForResourceCommand({ resourceArn }))
  return Object.fromEntries(tags.map(({ Key, Value }) => [Key, Value]))
}
