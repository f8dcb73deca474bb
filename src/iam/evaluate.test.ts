import { describe, expect, test } from 'vitest'

import type { Action } from './actions.ts'
import { registryArn, repositoryArn } from './arn.ts'
import { contextFrom, contextOf } from './context.ts'
import { type AccessQuestion, denialReason, describeDenial, evaluate } from './evaluate.ts'
import { parseIdentityPolicy, parseRepositoryPolicy } from './policy.ts'
import { anonymous, userPrincipal } from './principal.ts'

const ours = '123456789012'
const theirs = '999999999999'
const app = repositoryArn(ours, 'team/app')
const push: Action = 'ecr-public:PutImage'

const alice = userPrincipal({ accountId: ours, userId: 'AIDA1', userName: 'alice', isRoot: false })
const root = userPrincipal({ accountId: ours, userId: 'root', userName: 'root', isRoot: true })
const carol = userPrincipal({ accountId: theirs, userId: 'AIDA2', userName: 'carol', isRoot: false })
const theirRoot = userPrincipal({ accountId: theirs, userId: 'root', userName: 'root', isRoot: true })

const allowPush = identity({ Effect: 'Allow', Action: push, Resource: app, Sid: 'Push' })
const denyPush = identity({ Effect: 'Deny', Action: push, Resource: '*', Sid: 'NoPush' })

function identity(...statements: object[]) {
  return parseIdentityPolicy(JSON.stringify({ Version: '2012-10-17', Statement: statements }))
}

function repository(effect: 'Allow' | 'Deny', principal: unknown) {
  const statement = { Sid: 'new statement', Effect: effect, Principal: principal, Action: 'ecr-public:*' }
  return parseRepositoryPolicy(JSON.stringify({ Version: '2008-10-17', Statement: [statement] }))
}

function ask(question: Partial<AccessQuestion>) {
  return evaluate({
    principal: alice,
    action: push,
    resource: app,
    resourceAccountId: ours,
    identityPolicies: [],
    context: contextFrom({}),
    ...question,
  })
}

const noIdentity = { effect: 'deny', reason: 'implicit-deny', lacking: 'identity' }
const noRepository = { effect: 'deny', reason: 'implicit-deny', lacking: 'repository' }
const byIdentity = {
  effect: 'allow',
  reason: 'allowed',
  decidedBy: { kind: 'identity', policyName: 'mine', statement: 0, sid: 'Push' },
}
const byRepository = {
  effect: 'allow',
  reason: 'allowed',
  decidedBy: { kind: 'repository', statement: 0, sid: 'new statement' },
}
const byRoot = { effect: 'allow', reason: 'allowed', decidedBy: { kind: 'root' } }
const deniedByIdentity = {
  effect: 'deny',
  reason: 'explicit-deny',
  decidedBy: { kind: 'identity', policyName: 'other', statement: 0, sid: 'NoPush' },
}
const deniedByRepository = {
  effect: 'deny',
  reason: 'explicit-deny',
  decidedBy: { kind: 'repository', statement: 0, sid: 'new statement' },
}

const mine = [{ name: 'mine', policy: allowPush }]
const mixed = [...mine, { name: 'other', policy: denyPush }]

describe('within an account', () => {
  test.for([
    ['nothing allows: denied', {}, noIdentity],
    ['an identity policy is enough', { identityPolicies: mine }, byIdentity],
    ['a deny beats an allow', { identityPolicies: mixed }, deniedByIdentity],
    [
      'a repository policy that names the user is enough',
      { repositoryPolicy: repository('Allow', { AWS: alice.arn }) },
      byRepository,
    ],
    ['a repository policy for everyone is enough', { repositoryPolicy: repository('Allow', '*') }, byRepository],
    [
      'one that names the account leaves it to identity policies',
      { repositoryPolicy: repository('Allow', { AWS: ours }) },
      noIdentity,
    ],
    ['one that names somebody else is none', { repositoryPolicy: repository('Allow', { AWS: carol.arn }) }, noIdentity],
    [
      'a deny of the repository beats an allow of the user',
      { identityPolicies: mine, repositoryPolicy: repository('Deny', { AWS: ours }) },
      deniedByRepository,
    ],
    [
      'a deny of the user beats an allow of the repository',
      { identityPolicies: mixed, repositoryPolicy: repository('Allow', '*') },
      deniedByIdentity,
    ],
    ['another action is not allowed', { identityPolicies: mine, action: 'ecr-public:DeleteRepository' }, noIdentity],
    ['another resource is not allowed', { identityPolicies: mine, resource: registryArn(ours) }, noIdentity],
    ['a resource is not matched by half', { identityPolicies: mine, resource: `${app}s` }, noIdentity],
  ] as const)('%s', ([, question, decision]) => {
    expect(ask(question)).toEqual(decision)
  })
})

describe('the root user of an account', () => {
  test.for([
    ['may do everything within it', {}, byRoot],
    ['needs no repository policy to say so', { repositoryPolicy: repository('Allow', { AWS: carol.arn }) }, byRoot],
    ['is subject to a deny of the repository', { repositoryPolicy: repository('Deny', '*') }, deniedByRepository],
    [
      'is who is denied when the account is',
      { repositoryPolicy: repository('Deny', { AWS: ours }) },
      deniedByRepository,
    ],
    ['is not its users', { repositoryPolicy: repository('Deny', { AWS: alice.arn }) }, byRoot],
    ['is nobody elsewhere', { principal: theirRoot }, noRepository],
    [
      'needs no identity policy elsewhere',
      { principal: theirRoot, repositoryPolicy: repository('Allow', { AWS: theirs }) },
      byRepository,
    ],
  ] as const)('%s', ([, question, decision]) => {
    expect(ask({ principal: root, ...question })).toEqual(decision)
  })
})

describe('across accounts', () => {
  test.for([
    ['nothing allows: denied', {}, noRepository],
    ['an identity policy alone is not enough', { identityPolicies: mine }, noRepository],
    [
      'a repository policy alone is not enough',
      { repositoryPolicy: repository('Allow', { AWS: carol.arn }) },
      noIdentity,
    ],
    ['not even one for everyone', { repositoryPolicy: repository('Allow', '*') }, noIdentity],
    [
      'both together are',
      { identityPolicies: mine, repositoryPolicy: repository('Allow', { AWS: carol.arn }) },
      byRepository,
    ],
    [
      'the owner may name the account',
      { identityPolicies: mine, repositoryPolicy: repository('Allow', { AWS: theirs }) },
      byRepository,
    ],
    [
      'the owner must name it',
      { identityPolicies: mine, repositoryPolicy: repository('Allow', { AWS: ours }) },
      noRepository,
    ],
    [
      'a deny of the user decides',
      { identityPolicies: mixed, repositoryPolicy: repository('Allow', '*') },
      deniedByIdentity,
    ],
  ] as const)('%s', ([, question, decision]) => {
    expect(ask({ principal: carol, ...question })).toEqual(decision)
  })
})

describe('someone anonymous', () => {
  test.for([
    ['may nothing', {}, noRepository],
    ['may what a repository allows everyone', { repositoryPolicy: repository('Allow', '*') }, byRepository],
    [
      'may the same when everyone is spelled out',
      { repositoryPolicy: repository('Allow', { AWS: ['*'] }) },
      byRepository,
    ],
    ['is in no account', { repositoryPolicy: repository('Allow', { AWS: ours }) }, noRepository],
    ['is denied what everyone is denied', { repositoryPolicy: repository('Deny', '*') }, deniedByRepository],
    ['has no identity policies, whoever passes some', { identityPolicies: mine }, noRepository],
  ] as const)('%s', ([, question, decision]) => {
    expect(ask({ principal: anonymous, ...question })).toEqual(decision)
  })
})

test('an action without a resource is allowed on "*" only', () => {
  const onAll = identity({ Effect: 'Allow', Action: 'ecr-public:GetAuthorizationToken', Resource: '*', Sid: 'Push' })
  const onSome = identity({ Effect: 'Allow', Action: '*', Resource: 'arn:aws:ecr-public::*' })
  const question = { action: 'ecr-public:GetAuthorizationToken', resource: '*' } as const
  expect(ask({ ...question, identityPolicies: [{ name: 'mine', policy: onAll }] })).toEqual(byIdentity)
  expect(ask({ ...question, identityPolicies: [{ name: 'mine', policy: onSome }] })).toEqual(noIdentity)
})

test('NotResource is about every resource but those it names', () => {
  const others = identity({ Effect: 'Allow', Action: '*', NotResource: [registryArn(ours), app], Sid: 'Push' })
  const none = identity({ Effect: 'Allow', Action: '*', NotResource: '*' })
  const question = { identityPolicies: [{ name: 'mine', policy: others }] }
  expect(ask(question)).toEqual(noIdentity)
  expect(ask({ ...question, resource: repositoryArn(ours, 'app') })).toEqual(byIdentity)
  expect(ask({ identityPolicies: [{ name: 'mine', policy: none }] })).toEqual(noIdentity)
})

test('a statement is about what its condition says, and about resources by variables', () => {
  const policy = identity({
    Sid: 'Push',
    Effect: 'Allow',
    Action: 'ecr-public:*',
    Resource: `arn:aws:ecr-public::${ours}:repository/\${aws:username}/*`,
    Condition: { IpAddress: { 'aws:SourceIp': '192.0.2.0/24' } },
  })
  const own = { identityPolicies: [{ name: 'mine', policy }], resource: repositoryArn(ours, 'alice/app') }
  const near = contextOf({ principal: alice, now: 0, isSecure: true, sourceIp: '192.0.2.7' })
  const far = contextOf({ principal: alice, now: 0, isSecure: true, sourceIp: '198.51.100.7' })
  expect(ask({ ...own, context: near })).toEqual(byIdentity)
  expect(ask({ ...own, context: far })).toEqual(noIdentity)
  expect(ask({ ...own, context: near, resource: app })).toEqual(noIdentity)
})

describe('a refusal is put as AWS puts it', () => {
  const sentence = `User: ${alice.arn} is not authorized to perform: ${push} on resource: ${app}`

  test.for([
    [{}, `because no identity-based policy allows the ${push} action`],
    [{ resourceAccountId: theirs }, `because no resource-based policy allows the ${push} action`],
    [{ identityPolicies: mixed }, 'with an explicit deny in an identity-based policy'],
    [{ repositoryPolicy: repository('Deny', '*') }, 'with an explicit deny in a resource-based policy'],
  ] as const)('%#: %s', ([question, reason]) => {
    const decision = ask(question)
    if (decision.effect === 'allow') throw new Error('expected a refusal')
    expect(denialReason(decision, push)).toBe(reason)
    expect(describeDenial(decision, alice, push, app)).toBe(`${sentence} ${reason}`)
  })

  test('and someone anonymous is called that', () => {
    const decision = ask({ principal: anonymous })
    if (decision.effect === 'allow') throw new Error('expected a refusal')
    expect(describeDenial(decision, anonymous, push, app)).toMatch(/^User: anonymous is not authorized /)
  })
})
