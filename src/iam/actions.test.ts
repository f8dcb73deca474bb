import * as sdk from '@aws-sdk/client-ecr-public'
import { expect, test } from 'vitest'

import { actionNames, actions, actionsMatching, parseAction } from './actions.ts'

test('every operation of the published API is an action, and no action is anything else unless it is ours', () => {
  const operations = Object.keys(sdk).flatMap((name) => /^([A-Z]\w+)Command$/.exec(name)?.[1] ?? [])
  const published = actionNames.filter((name) => name.startsWith('ecr-public:') && !actions[name].isOurs)
  expect(published.toSorted()).toEqual(operations.map((operation) => `ecr-public:${operation}`).toSorted())
})

test.for([
  ['ecr-public:PutImage', 'ecr-public:PutImage'],
  ['ECR-Public:putimage', 'ecr-public:PutImage'],
  ['ecr:PutImage', undefined],
  ['PutImage', undefined],
] as const)('%s names %s, whatever its case', ([text, action]) => {
  expect(parseAction(text)).toBe(action)
})

test.for([
  ['ecr-public:PutImage', ['ecr-public:PutImage']],
  ['ecr-public:putregistry*', ['ecr-public:PutRegistryCatalogData']],
  ['ecr-public:?utImage', ['ecr-public:PutImage']],
  ['ecr-public:DescribeImage*', ['ecr-public:DescribeImageTags', 'ecr-public:DescribeImages']],
  ['STS:*', ['sts:GetCallerIdentity', 'sts:GetServiceBearerToken']],
  ['s3:*', []],
  ['*', actionNames],
] as const)('the pattern %s means %j', ([pattern, expected]) => {
  expect(actionsMatching(pattern)).toEqual(expected)
})
