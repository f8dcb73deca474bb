import { describe, expect, test } from 'vitest'

import { PolicyInvalid } from './policy-invalid.ts'
import { anonymous, userPrincipal } from './principal.ts'
import { compileNotPrincipal, compilePrincipal } from './principal-element.ts'

const accountId = '123456789012'
const principals = {
  alice: userPrincipal({ accountId, userId: 'AIDAALICEALICEALICE1', userName: 'alice', isRoot: false }),
  root: userPrincipal({ accountId, userId: 'root', userName: 'root', isRoot: true }),
  stranger: userPrincipal({ accountId: '999999999999', userId: 'AIDAOTHER', userName: 'alice', isRoot: false }),
  anonymous,
}

function matches(test: ReturnType<typeof compilePrincipal>) {
  return Object.values(principals).map((principal) => test(principal))
}

describe('Principal, for a user, their root, a user elsewhere, and someone anonymous', () => {
  test.for([
    ['*', ['self', 'self', 'self', 'self']],
    [{ AWS: '*' }, ['self', 'self', 'self', 'self']],
    [{ AWS: ['111111111111', '*'] }, ['self', 'self', 'self', 'self']],
    [{ AWS: accountId }, ['account', 'self', 'none', 'none']],
    [{ AWS: `arn:aws:iam::${accountId}:root` }, ['account', 'self', 'none', 'none']],
    [{ AWS: `arn:aws:iam::${accountId}:user/alice` }, ['self', 'none', 'none', 'none']],
    [{ AWS: [accountId, `arn:aws:iam::${accountId}:user/alice`] }, ['self', 'self', 'none', 'none']],
    [{ AWS: `arn:aws:iam::${accountId}:user/Alice` }, ['none', 'none', 'none', 'none']],
    [{ AWS: 'AIDAALICEALICEALICE1' }, ['self', 'none', 'none', 'none']],
    [{ AWS: `arn:aws:iam::${accountId}:role/ci` }, ['none', 'none', 'none', 'none']],
    [{ AWS: `arn:aws:sts::${accountId}:assumed-role/ci/run` }, ['none', 'none', 'none', 'none']],
    [{ Service: 'codebuild.amazonaws.com' }, ['none', 'none', 'none', 'none']],
    [{ Service: '*', AWS: '999999999999' }, ['none', 'none', 'account', 'none']],
  ] as const)('%j matches %j', ([element, expected]) => {
    expect(matches(compilePrincipal(element, ''))).toEqual(expected)
  })
})

describe('NotPrincipal, for the same', () => {
  test.for([
    [{ AWS: `arn:aws:iam::${accountId}:user/alice` }, ['none', 'self', 'self', 'self']],
    [{ AWS: accountId }, ['self', 'none', 'self', 'self']],
    ['*', ['none', 'none', 'none', 'none']],
  ] as const)('%j matches %j', ([element, expected]) => {
    expect(matches(compileNotPrincipal(element, ''))).toEqual(expected)
  })
})

test.for([
  ['a name alone', accountId],
  ['an empty object', {}],
  ['null', null],
  ['a list', ['*']],
  ['an unknown kind', { Aws: '*' }],
  ['an empty list', { AWS: [] }],
  ['a number', { AWS: 123456789012 }],
  ['a short account id', { AWS: '12345' }],
  ['a wildcard in an ARN', { AWS: `arn:aws:iam::${accountId}:user/*` }],
  ['a wildcard in an account id', { AWS: '12345678901?' }],
  ['the ARN of something else', { AWS: `arn:aws:ecr-public::${accountId}:repository/app` }],
  ['an ARN of another partition', { AWS: `arn:aws-cn:iam::${accountId}:root` }],
] as const)('%s is refused', ([, element]) => {
  expect(() => compilePrincipal(element, 'Principal')).toThrow(PolicyInvalid)
})
