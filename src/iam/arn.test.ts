import { expect, test } from 'vitest'

import { parseArn, registryArn, repositoryArn, rootArn, userArn } from './arn.ts'

const accountId = '123456789012'

test.for([
  [repositoryArn(accountId, 'team/app'), { kind: 'repository', accountId, name: 'team/app' }],
  [registryArn(accountId), { kind: 'registry', accountId }],
  [rootArn(accountId), { kind: 'root', accountId }],
  [userArn(accountId, 'alice'), { kind: 'user', accountId, name: 'alice' }],
  [userArn(accountId, 'team/alice'), { kind: 'user', accountId, name: 'team/alice' }],
  [`arn:aws:iam::${accountId}:role/ci`, { kind: 'role', accountId, name: 'ci' }],
  [
    `arn:aws:sts::${accountId}:assumed-role/ci/run-7`,
    { kind: 'assumed-role', accountId, role: 'ci', session: 'run-7' },
  ],
  [`arn:aws:sts::${accountId}:federated-user/bob`, { kind: 'federated-user', accountId, name: 'bob' }],
] as const)('%s is taken apart', ([text, arn]) => {
  expect(parseArn(text)).toEqual(arn)
})

test.for([
  '',
  '*',
  'arn:aws:ecr-public:us-east-1:123456789012:repository/app',
  'arn:aws:ecr-public::12345:repository/app',
  'arn:aws:ecr-public::123456789012:repository/',
  'arn:aws:ecr-public::123456789012:repository',
  'arn:aws:ecr-public::123456789012:registry/210987654321',
  'arn:aws:ecr-public::123456789012:user/alice',
  'arn:aws-cn:iam::123456789012:root',
  'arn:aws:iam::123456789012:root/x',
  'arn:aws:iam::123456789012:alice',
  'arn:aws:sts::123456789012:root',
  'arn:aws:sts::123456789012:assumed-role/ci',
  'arn:aws:sts::123456789012:assumed-role/ci/',
  'arn:aws:iam::123456789012:root\n',
])('%j is no ARN that occurs here', (text) => {
  expect(parseArn(text)).toBeUndefined()
})
