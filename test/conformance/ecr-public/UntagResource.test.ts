import {
  CreateRepositoryCommand,
  InvalidParameterException,
  InvalidTagParameterException,
  ListTagsForResourceCommand,
  RepositoryNotFoundException,
  UntagResourceCommand,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'
import { addUserWith, allow } from '../../support/users.ts'

let repositories = 0

/** With a repository that has three tags. */
const test = testWithRegistry().extend('resourceArn', async ({ registry }) => {
  const { repository } = await registry.ecr.send(
    new CreateRepositoryCommand({
      repositoryName: `tagged-${++repositories}`,
      tags: ['a', 'b', 'c'].map((Key) => ({ Key, Value: Key })),
    }),
  )
  return repository!.repositoryArn!
})

async function keysOf({ ecr }: TestRegistry, resourceArn: string) {
  const { tags = [] } = await ecr.send(new ListTagsForResourceCommand({ resourceArn }))
  return tags.map(({ Key }) => Key)
}

test('removes tags by their keys, those that are there', async ({ registry, resourceArn }) => {
  const { $metadata, ...answer } = await registry.ecr.send(
    new UntagResourceCommand({ resourceArn, tagKeys: ['b', 'nope'] }),
  )
  expect(answer).toEqual({})
  expect($metadata.httpStatusCode).toBe(200)
  expect(await keysOf(registry, resourceArn)).toEqual(['a', 'c'])
  await registry.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: [] }))
  expect(await keysOf(registry, resourceArn)).toEqual(['a', 'c'])
  await registry.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'c'] }))
  expect(await keysOf(registry, resourceArn)).toEqual([])
})

test.for([
  ['an empty one', ['']],
  ['one too long', ['x'.repeat(129)]],
  ["one of AWS's own", ['aws:created-by']],
  ['one of strange characters', ['a#b']],
  ['one that is there twice', ['a', 'a']],
] as const)('a key may not be %s', async ([, tagKeys], { registry, resourceArn }) => {
  await expectRefusal(
    registry.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: ['b', ...tagKeys] })),
    InvalidTagParameterException,
  )
  expect(await keysOf(registry, resourceArn)).toEqual(['a', 'b', 'c'])
})

test.for([
  ['more than 200', Array(201).fill('a'), 'Member must have length less than or equal to 200'],
  ['absent', undefined, 'Member must not be null'],
] as const)('keys may not be %s', async ([, tagKeys, constraint], { registry, resourceArn }) => {
  await expectRefusal(
    registry.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys })),
    InvalidParameterException,
    `Invalid parameter at 'tagKeys' failed to satisfy constraint: '${constraint}'`,
  )
})

test('an ARN must be one of a repository that there is', async ({ registry }) => {
  const untag = (resourceArn: string) => registry.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a'] }))
  await expectRefusal(
    untag('arn:aws:s3:::bucket'),
    InvalidParameterException,
    "Invalid parameter at 'resourceArn' failed to satisfy constraint: 'Invalid ARN'",
  )
  await expectRefusal(
    untag(`arn:aws:ecr-public::${registry.accountId}:repository/no/such`),
    RepositoryNotFoundException,
    `The repository with name 'no/such' does not exist in the registry with id '${registry.accountId}'`,
  )
})

test('conditions of policies see the keys', async ({ registry, resourceArn }) => {
  const Condition = { 'ForAllValues:StringEquals': { 'aws:TagKeys': ['a', 'b'] } }
  const user = await addUserWith(registry, [allow('ecr-public:UntagResource', { Resource: '*', Condition })])
  await user.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'b'] }))
  await expect(user.ecr.send(new UntagResourceCommand({ resourceArn, tagKeys: ['a', 'c'] }))).rejects.toMatchObject({
    name: 'AccessDeniedException',
  })
  expect(await keysOf(registry, resourceArn)).toEqual(['c'])
})
