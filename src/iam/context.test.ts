import { describe, expect, test } from 'vitest'

import { contextFrom, contextOf, headerValueLengthMax, type RequestFacts } from './context.ts'
import { anonymous, userPrincipal } from './principal.ts'

const accountId = '123456789012'
const alice = userPrincipal({ accountId, userId: 'AIDA1', userName: 'alice', isRoot: false })
const root = userPrincipal({ accountId, userId: 'root', userName: 'root', isRoot: true })

function keyOf(key: string, facts: Partial<RequestFacts>) {
  return contextOf({ principal: alice, now: 0, isSecure: false, ...facts }).get(key)
}

test('keys given by hand are found in lower case, however they were spelled', () => {
  expect(contextFrom({ 'aws:TagKeys': ['a'] }).get('aws:tagkeys')).toEqual(['a'])
})

describe('who asks', () => {
  test.for([
    ['aws:principaltype', 'User', 'Account', 'Anonymous'],
    ['aws:userid', 'AIDA1', accountId, 'anonymous'],
    ['aws:username', 'alice', undefined, undefined],
    ['aws:principalarn', alice.arn, root.arn, undefined],
    ['aws:principalaccount', accountId, accountId, undefined],
    ['aws:principalisawsservice', 'false', 'false', undefined],
  ] as const)('%s is %s for a user, %s for root, %s for someone anonymous', ([key, user, account, nobody]) => {
    expect([alice, root, anonymous].map((principal) => keyOf(key, { principal }))).toEqual([user, account, nobody])
  })
})

describe('what is asked', () => {
  test.for([
    ['aws:currenttime', { now: 1_577_836_800_999 }, '2020-01-01T00:00:00.999Z'],
    ['aws:epochtime', { now: 1_577_836_800_999 }, '1577836800'],
    ['aws:securetransport', { isSecure: true }, 'true'],
    ['aws:securetransport', { isSecure: false }, 'false'],
    ['aws:sourceip', { sourceIp: '192.0.2.1' }, '192.0.2.1'],
    ['aws:sourceip', { sourceIp: '::ffff:192.0.2.1' }, '192.0.2.1'],
    ['aws:sourceip', { sourceIp: '2001:db8::1' }, '2001:db8::1'],
    ['aws:sourceip', {}, undefined],
    ['aws:useragent', { userAgent: 'docker/29' }, 'docker/29'],
    ['aws:useragent', { userAgent: 'x'.repeat(9_000) }, 'x'.repeat(headerValueLengthMax)],
    ['aws:referer', { referer: 'https://example.com/' }, 'https://example.com/'],
    ['aws:requestedregion', { region: 'us-east-1' }, 'us-east-1'],
    ['aws:resourceaccount', { resourceAccountId: accountId }, accountId],
    ['aws:resourcetag/team', { resourceTags: new Map([['Team', 'blue']]) }, 'blue'],
    ['ecr-public:resourcetag/team', { resourceTags: new Map([['Team', 'blue']]) }, 'blue'],
    ['aws:resourcetag/team', { resourceTags: new Map([['Teams', 'blue']]) }, undefined],
    ['aws:resourcetag/a/b', { resourceTags: new Map([['a/b', '']]) }, ''],
    ['aws:requesttag/team', { requestTags: new Map([['team', 'red']]) }, 'red'],
    ['aws:requesttag/team', { resourceTags: new Map([['team', 'red']]) }, undefined],
    ['aws:tagkeys', { requestTags: new Map([['a', '1']]) }, ['a']],
    ['aws:tagkeys', { tagKeys: ['b', 'c'] }, ['b', 'c']],
    ['aws:tagkeys', {}, undefined],
    ['sts:awsservicename', { serviceKeys: contextFrom({ 'sts:AWSServiceName': 'ecr' }) }, 'ecr'],
    ['aws:multifactorauthpresent', {}, undefined],
    ['constructor', {}, undefined],
  ] as const)('%s of %j', ([key, facts, expected]) => {
    expect(keyOf(key, facts)).toEqual(expected)
  })
})
