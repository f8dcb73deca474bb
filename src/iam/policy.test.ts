// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseIdentityPolicy, parseRepositoryPolicy, policyStatementsMax, repositoryPolicyLengthMax } from './policy.ts'
import { PolicyInvalid } from './policy-invalid.ts'

const identityStatement = { Effect: 'Allow', Action: 'ecr-public:PutImage', Resource: '*' }
const repositoryStatement = { Effect: 'Allow', Principal: '*', Action: 'ecr-public:PutImage' }

function policyOf(statement: unknown, members: object = { Version: '2012-10-17' }): string {
  return JSON.stringify({ ...members, Statement: statement })
}

describe('a policy is taken', () => {
  test.for([
    ['with one statement outside of a list', policyOf(identityStatement)],
    ['without a version', policyOf([identityStatement], {})],
    ['of 2008', policyOf([identityStatement], { Version: '2008-10-17' })],
    ['with an id', policyOf([identityStatement], { Id: 'any thing' })],
    ['with actions of other services', policyOf({ ...identityStatement, Action: ['s3:Get*', 'ecr:PutImage', '*:*'] })],
    ['with NotAction', policyOf({ Effect: 'Deny', NotAction: 'sts:*', Resource: '*' })],
    ['with NotResource', policyOf({ Effect: 'Deny', Action: '*', NotResource: ['arn:aws:s3:::*', 'arn:aws:iam::*'] })],
    ['with a variable in a resource', policyOf({ ...identityStatement, Resource: 'arn:aws:a:b:c:${aws:username}/*' })],
    ['with statements that both lack a Sid', policyOf([identityStatement, { ...identityStatement, Sid: '' }])],
  ] as const)('%s', ([, text]) => {
    const { allows, denies } = parseIdentityPolicy(text)
    expect(allows.length + denies.length).toBeGreaterThan(0)
  })

  test('of a repository, with Sids that have spaces and repeat', () => {
    const named = { ...repositoryStatement, Sid: 'new statement' }
    expect(parseRepositoryPolicy(policyOf([named, named])).allows.map(({ index, sid }) => [index, sid])).toEqual([
      [0, 'new statement'],
      [1, 'new statement'],
    ])
  })

  test('up to its limit of characters', () => {
    const text = policyOf(repositoryStatement)
    expect(parseRepositoryPolicy(text.padEnd(repositoryPolicyLengthMax)).kind).toBe('repository')
    expect(() => parseRepositoryPolicy(text.padEnd(repositoryPolicyLengthMax + 1))).toThrow(PolicyInvalid)
  })
})

describe('a policy is refused, with its place', () => {
  test.for([
    ['not JSON', '', '{'],
    ['no object', '', '[]'],
    ['repeated members', '', '{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}'],
    ['nesting without end', '', '['.repeat(2_000)],
    ['no statement', '', '{}'],
    ['an empty list of statements', 'Statement', policyOf([])],
    ['a statement that is none', 'Statement[1]', policyOf([identityStatement, 'Allow'])],
    ['too many statements', 'Statement', policyOf(Array(policyStatementsMax + 1).fill({}))],
    ['an unknown element', '', policyOf(identityStatement, { Statements: 1 })],
    ['an unknown element of a statement', 'Statement[0]', policyOf({ ...identityStatement, action: '*' })],
    ['another version', 'Version', policyOf(identityStatement, { Version: '2012-10-18' })],
    ['no version', 'Version', policyOf(identityStatement, { Version: null })],
    ['an id that is no string', 'Id', policyOf(identityStatement, { Id: 1 })],
    ['another effect', 'Statement[0].Effect', policyOf({ ...identityStatement, Effect: 'allow' })],
    ['no effect', 'Statement[0].Effect', policyOf({ Action: '*', Resource: '*' })],
    ['no action', 'Statement[0]', policyOf({ Effect: 'Allow', Resource: '*' })],
    ['both kinds of action', 'Statement[0]', policyOf({ ...identityStatement, NotAction: '*' })],
    ['an empty list of actions', 'Statement[0].Action', policyOf({ ...identityStatement, Action: [] })],
    ['an action without service', 'Statement[0].Action', policyOf({ ...identityStatement, Action: 'PutImage' })],
    ['any service', 'Statement[0].Action', policyOf({ ...identityStatement, Action: 'ecr*:PutImage' })],
    ['an action that is no string', 'Statement[0].Action[1]', policyOf({ ...identityStatement, Action: ['*', 1] })],
    ['no resource', 'Statement[0]', policyOf({ Effect: 'Allow', Action: '*' })],
    ['both kinds of resource', 'Statement[0]', policyOf({ ...identityStatement, NotResource: '*' })],
    ['a resource that is no ARN', 'Statement[0].Resource', policyOf({ ...identityStatement, Resource: ['*', 'app'] })],
    ['half an ARN', 'Statement[0].Resource', policyOf({ ...identityStatement, Resource: 'arn:aws:iam::1' })],
    ['any service of an ARN', 'Statement[0].Resource', policyOf({ ...identityStatement, Resource: 'arn:aws:*:::x' })],
    ['a principal', 'Statement[0]', policyOf({ ...identityStatement, Principal: '*' })],
    ['a Sid with spaces', 'Statement[0].Sid', policyOf({ ...identityStatement, Sid: 'a b' })],
    [
      'two statements of one Sid',
      'Statement[1].Sid',
      policyOf([
        { ...identityStatement, Sid: 'a' },
        { ...identityStatement, Sid: 'a' },
      ]),
    ],
    ['a condition', 'Statement[0].Condition.Bool.k', policyOf({ ...identityStatement, Condition: { Bool: { k: 1 } } })],
    ['no condition', 'Statement[0].Condition', policyOf({ ...identityStatement, Condition: null })],
  ] as const)("a user's: %s", ([, path, text]) => {
    expect(() => parseIdentityPolicy(text)).toThrow(PolicyInvalid)
    expect(() => parseIdentityPolicy(text)).toThrow(expect.objectContaining({ path }))
  })

  test.for([
    ['no principal', 'Statement[0]', policyOf({ Effect: 'Allow', Action: '*' })],
    ['both kinds of principal', 'Statement[0]', policyOf({ ...repositoryStatement, NotPrincipal: '*' })],
    ['a principal unheard of', 'Statement[0].Principal', policyOf({ ...repositoryStatement, Principal: 'me' })],
    ['a resource', 'Statement[0]', policyOf({ ...repositoryStatement, Resource: '*' })],
    [
      'an allow to all but some',
      'Statement[0].NotPrincipal',
      policyOf({ Effect: 'Allow', NotPrincipal: { AWS: '123456789012' }, Action: '*' }),
    ],
  ] as const)("a repository's: %s", ([, path, text]) => {
    expect(() => parseRepositoryPolicy(text)).toThrow(PolicyInvalid)
    expect(() => parseRepositoryPolicy(text)).toThrow(expect.objectContaining({ path }))
  })
})

test('actions of a statement are those its patterns name, or with NotAction all others', () => {
  const [put] = parseIdentityPolicy(policyOf({ ...identityStatement, Action: ['ecr-public:put*image'] })).allows
  expect([...(put?.actions ?? [])]).toEqual(['ecr-public:PutImage'])
  const [rest] = parseIdentityPolicy(policyOf({ Effect: 'Deny', NotAction: 'ecr-public:*', Resource: '*' })).denies
  expect([...(rest?.actions ?? [])]).toEqual(['sts:GetCallerIdentity', 'sts:GetServiceBearerToken'])
})

test('whatever the JSON, it is a policy or is refused as none', () => {
  const word = fc.constantFrom(
    'Allow',
    'Deny',
    '*',
    '2012-10-17',
    'ecr-public:*',
    'arn:aws:iam::*',
    '${a',
    '123456789012',
  )
  const values = fc.oneof(
    { weight: 3, arbitrary: word },
    fc.array(word),
    fc.dictionary(word, word),
    fc.jsonValue({ maxDepth: 1 }),
  )
  const conditions = fc.dictionary(fc.constantFrom('StringLike', 'Bool', 'Null'), fc.dictionary(word, values))
  const elements = [
    'Sid',
    'Effect',
    'Action',
    'NotAction',
    'Resource',
    'NotResource',
    'Principal',
    'NotPrincipal',
  ] as const
  const statement = fc.record(
    { ...Object.fromEntries(elements.map((name) => [name, values])), Effect: word, Condition: conditions },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(statement, fc.option(word), (statement, version) => {
      const text = policyOf(statement, version === null ? {} : { Version: version })
      for (const parse of [parseIdentityPolicy, parseRepositoryPolicy]) {
        try {
          parse(text)
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(PolicyInvalid)
        }
      }
    }),
    { numRuns: 300 },
  )
})
