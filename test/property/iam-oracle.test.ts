// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { Action } from '../../src/iam/actions.ts'
import { registryArn, repositoryArn } from '../../src/iam/arn.ts'
import { type ContextValue, contextFrom } from '../../src/iam/context.ts'
import { evaluate } from '../../src/iam/evaluate.ts'
import { parseIdentityPolicy, parseRepositoryPolicy } from '../../src/iam/policy.ts'
import { anonymous, type Principal, userPrincipal } from '../../src/iam/principal.ts'

/** Each property runs for this long, however fast the machine. */
const bounded = { numRuns: 1_000_000, interruptAfterTimeLimit: 300 }

type OneOrMany = string | readonly string[]

type Principals = '*' | { readonly AWS: OneOrMany }

interface PlainStatement {
  readonly Effect: 'Allow' | 'Deny'
  readonly Principal?: Principals
  readonly NotPrincipal?: Principals
  readonly Action?: OneOrMany
  readonly NotAction?: OneOrMany
  readonly Resource?: OneOrMany
  readonly NotResource?: OneOrMany
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, OneOrMany>>>>
}

interface PlainPolicy {
  readonly Version: '2008-10-17' | '2012-10-17'
  readonly Statement: readonly PlainStatement[]
}

interface World {
  readonly principal: Principal
  readonly action: Action
  readonly resource: string
  readonly owner: string
  readonly identityPolicies: readonly PlainPolicy[]
  readonly repositoryPolicy: PlainPolicy | undefined
  readonly context: Readonly<Record<string, ContextValue>>
}

// The oracle: the documents read as JSON, for every question anew, with no thought of speed.

type Context = World['context']
type Verdict = 'allow' | 'explicit-deny' | 'lacks identity' | 'lacks repository'

function oracle(world: World): Verdict {
  const { principal, owner, repositoryPolicy } = world
  const own = world.identityPolicies.flatMap((policy) => applicable(policy, world))
  const resource = repositoryPolicy ? applicable(repositoryPolicy, world) : []
  if (own.some((s) => s.Effect === 'Deny')) return 'explicit-deny'
  if (resource.some((s) => s.Effect === 'Deny' && speaksOf(s, principal) !== 'no')) return 'explicit-deny'

  const allows = resource.filter((s) => s.Effect === 'Allow')
  const letsIn = allows.some((s) => speaksOf(s, principal) !== 'no')
  if (principal.kind === 'anonymous') return letsIn ? 'allow' : 'lacks repository'
  const letsOut = principal.isRoot || own.some((s) => s.Effect === 'Allow')
  if (principal.accountId !== owner) return !letsIn ? 'lacks repository' : letsOut ? 'allow' : 'lacks identity'
  return letsOut || allows.some((s) => speaksOf(s, principal) === 'personally') ? 'allow' : 'lacks identity'
}

/** The statements about this action, resource and context; of principals elsewhere. */
function applicable(policy: PlainPolicy, world: World): PlainStatement[] {
  const fill = (text: string) => read(text, policy.Version, world.context)
  return policy.Statement.filter((s) => {
    const names = (pattern: string) => like(read(pattern.toLowerCase(), '2008-10-17', {}), world.action.toLowerCase())
    if (!(s.Action ? list(s.Action).some(names) : !list(s.NotAction).some(names))) return false
    const covers = (pattern: string) =>
      arnLike(cutArn(pattern).map(fill), cutArn(world.resource), (token) => token === STAR)
    if (s.Resource && !list(s.Resource).some(covers)) return false
    if (s.NotResource && list(s.NotResource).some(covers)) return false
    return Object.entries(s.Condition ?? {}).every(([operator, keys]) =>
      Object.entries(keys).every(([key, operands]) =>
        holds(operator, key, list(operands), policy.Version, world.context),
      ),
    )
  })
}

type Spoken = 'no' | 'of the account' | 'personally'

function speaksOf(s: PlainStatement, principal: Principal): Spoken {
  if (s.NotPrincipal) return names(s.NotPrincipal, principal) === 'personally' ? 'no' : 'personally'
  return s.Principal ? names(s.Principal, principal) : 'personally'
}

function names(element: Principals, principal: Principal): Spoken {
  const listed = element === '*' ? ['*'] : list(element.AWS)
  if (listed.includes('*')) return 'personally'
  if (principal.kind === 'anonymous') return 'no'
  const account = listed.includes(principal.accountId) || listed.includes(`arn:aws:iam::${principal.accountId}:root`)
  if (listed.includes(principal.arn)) return 'personally'
  return account ? (principal.isRoot ? 'personally' : 'of the account') : 'no'
}

/** A pattern's parts: characters, and the two wildcards. */
type Token = string | typeof STAR | typeof ONE
const STAR = Symbol('*')
const ONE = Symbol('?')

/** `undefined`: has a variable without a value. */
function read(text: string, version: string, context: Context): Token[] | undefined {
  if (text === '') return []
  if (version === '2012-10-17' && text.startsWith('${')) {
    const end = text.indexOf('}')
    const rest = read(text.slice(end + 1), version, context)
    const value = valueOfVariable(text.slice(2, end), context)
    return value === undefined || rest === undefined ? undefined : [...value, ...rest]
  }
  const rest = read(text.slice(1), version, context)
  return rest && [text[0] === '*' ? STAR : text[0] === '?' ? ONE : (text[0] ?? ''), ...rest]
}

function valueOfVariable(inside: string, context: Context): string | undefined {
  if (['*', '?', '$'].includes(inside)) return inside
  const [key = '', fallback] = inside.split(', ')
  const value = find(key, context)
  return value.length === 1 ? value[0] : fallback?.slice(1, -1)
}

function like(tokens: readonly Token[] | undefined, text: string): boolean {
  if (!tokens) return false
  const [first, ...rest] = tokens
  if (first === undefined) return text === ''
  if (first === STAR) return like(rest, text) || (text !== '' && like(tokens, text.slice(1)))
  return text !== '' && (first === ONE || first === text[0]) && like(rest, text.slice(1))
}

function cutArn(text: string, room = 6): string[] {
  let depth = 0
  for (let at = 0; at < text.length && room > 1; at++) {
    if (text[at] === '{' && text[at - 1] === '$') depth = 1
    if (text[at] === '}') depth = 0
    if (text[at] === ':' && depth === 0) return [text.slice(0, at), ...cutArn(text.slice(at + 1), room - 1)]
  }
  return [text]
}

function arnLike(
  pattern: readonly (Token[] | undefined)[],
  arn: readonly string[],
  goesOn: (last: Token | undefined) => boolean,
): boolean {
  const [segment, ...rest] = pattern
  if (pattern.length === 0 || arn.length === 0) return pattern.length === arn.length
  if (!like(segment, arn[0] ?? '')) return false
  return arn.some((_, n) => (n === 0 || goesOn(segment?.at(-1))) && arnLike(rest, arn.slice(n + 1), goesOn))
}

function holds(operator: string, key: string, operands: readonly string[], version: string, context: Context): boolean {
  const values = find(key, context)
  if (operator === 'Null') return operands.includes(values.length === 0 ? 'true' : 'false')
  if (operator.endsWith('IfExists')) {
    return values.length === 0 || holds(operator.slice(0, -'IfExists'.length), key, operands, version, context)
  }
  const isEmpty = values.length === 0 || (values.length === 1 && values[0] === '')
  const one = (base: string, value: string) => compare(base, value, operands, version, context)
  if (operator.startsWith('ForAllValues:')) return isEmpty || values.every((v) => one(operator.slice(13), v))
  if (operator.startsWith('ForAnyValue:')) return !isEmpty && values.some((v) => one(operator.slice(12), v))
  return operator.includes('Not') ? values.every((v) => one(operator, v)) : values.some((v) => one(operator, v))
}

function compare(
  operator: string,
  value: string,
  operands: readonly string[],
  version: string,
  context: Context,
): boolean {
  if (operator.includes('Not')) return !compare(operator.replace('Not', ''), value, operands, version, context)
  return operands.some((operand) => {
    const tokens = read(operand, version, context)
    const plain = tokens?.map((t) => (t === STAR ? '*' : t === ONE ? '?' : t)).join('')
    switch (operator) {
      case 'StringEquals':
        return plain === value
      case 'StringEqualsIgnoreCase':
        return plain?.toLowerCase() === value.toLowerCase()
      case 'StringLike':
        return like(tokens, value)
      case 'ArnLike':
      case 'ArnEquals': {
        const segments = cutArn(operand).map((segment) => read(segment, version, context))
        const arn = cutArn(value)
        if (operand === '*') return arn.length === 6
        return arn.length === 6 && segments.length === 6 && arnLike(segments, arn, () => false)
      }
      case 'Bool':
        return operand === value
      case 'IpAddress':
        return isInRange(value, operand)
      default:
        return order(operator, instant(value, operator), instant(operand, operator))
    }
  })
}

function order(operator: string, left: number, right: number): boolean {
  if (operator.endsWith('LessThanEquals')) return left <= right
  if (operator.endsWith('GreaterThanEquals')) return left >= right
  if (operator.endsWith('LessThan')) return left < right
  return operator.endsWith('GreaterThan') ? left > right : left === right
}

/** A number, or for a date its seconds; NaN, which no comparison holds for, if it is neither. */
function instant(text: string, operator: string): number {
  const [year, month, day] = text.slice(0, 10).split('-').map(Number)
  const isDate = operator.startsWith('Date') && text.length >= 10 && text[4] === '-'
  if (isDate) return Date.UTC(year ?? 0, (month ?? 0) - 1, day) / 1000
  return text === '' ? Number.NaN : Number(text)
}

/** IPv4 in CIDR notation, or any one address. */
function isInRange(address: string, range: string): boolean {
  const [network = '', prefix] = range.split('/')
  if (prefix === undefined || network.includes(':')) return address === network
  const bits = (text: string) => text.split('.').map((part) => Number(part).toString(2).padStart(8, '0'))
  const lead = (text: string) => bits(text).join('').slice(0, Number(prefix))
  return address.split('.').length === 4 && lead(address) === lead(network)
}

function find(key: string, context: Context): readonly string[] {
  const entry = Object.entries(context).find(([name]) => name.toLowerCase() === key.toLowerCase())
  return entry === undefined ? [] : list(entry[1])
}

function list(value: OneOrMany | undefined): readonly string[] {
  return value === undefined ? [] : typeof value === 'string' ? [value] : value
}

// Worlds: few words, so that they meet.

const ours = '111111111111'
const theirs = '222222222222'
const alice = userPrincipal({ accountId: ours, userId: 'u1', userName: 'alice', isRoot: false })
const bob = userPrincipal({ accountId: theirs, userId: 'u2', userName: 'bob', isRoot: false })
const ourRoot = userPrincipal({ accountId: ours, userId: 'r1', userName: 'root', isRoot: true })
const theirRoot = userPrincipal({ accountId: theirs, userId: 'r2', userName: 'root', isRoot: true })

const oneOf = fc.constantFrom<string[]>
const some = (...items: string[]) =>
  fc.oneof(oneOf(...items), fc.array(oneOf(...items), { minLength: 1, maxLength: 3 }))
const joined = (...parts: string[]) => fc.array(oneOf(...parts), { maxLength: 4 }).map((each) => each.join(''))
const named = (kind: string) => (name: string) => `${kind}${name}`
const comparisons = ['Equals', 'NotEquals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals']

/** Operators, with what they may be compared with and what they may meet. */
const families = [
  {
    names: ['Equals', 'NotEquals', 'EqualsIgnoreCase', 'NotEqualsIgnoreCase', 'Like', 'NotLike'].map(named('String')),
    operand: joined(...'aAb*?', '${aws:username}', '${aws:none}', '${*}', "${aws:none, 'a*'}", '${aws:many}'),
    value: fc.oneof(joined('a', 'A', 'b', '*', '?', 'alice'), oneOf('${aws:none}', '${*}')),
  },
  {
    names: ['Equals', 'NotEquals', 'Like', 'NotLike'].map(named('Arn')),
    operand: fc.oneof(
      oneOf('*', alice.arn, 'arn:aws:iam::*:user/${aws:username}', 'arn:aws:*:*', 'arn:aws:iam::*'),
      joined('*', '?', 'arn:', 'a', ':', '${aws:username}').map((end) => `arn:a*:?::${end}`),
    ),
    value: fc.oneof(
      oneOf(alice.arn, bob.arn, 'arn:aws'),
      joined('a', 'alice', ':').map((end) => `arn:aws:x::${end}`),
    ),
  },
  {
    names: comparisons.map(named('Numeric')),
    operand: oneOf('1', '2', '2.0', '-1'),
    value: oneOf('1', '2.00', '1e1', 'x', ''),
  },
  {
    names: comparisons.map(named('Date')),
    operand: oneOf('2020-01-01', '2020-01-01T00:00:00Z', '2021-06-30', '1577836800'),
    value: oneOf('2020-01-01', '2019-12-31', '1577836800', '1577836801', 'x', ''),
  },
  { names: ['Bool'], operand: oneOf('true', 'false'), value: oneOf('true', 'false', '') },
  {
    names: ['IpAddress', 'NotIpAddress'],
    operand: oneOf('192.0.2.1', '192.0.2.0/24', '192.0.2.64/26', '0.0.0.0/0', '2001:db8::1', '2001:db8::1/128'),
    value: oneOf('192.0.2.1', '192.0.2.77', '198.51.100.1', '2001:db8::1', '2001:db8::2', 'x', ''),
  },
  { names: ['Null'], operand: oneOf('true', 'false'), value: oneOf('', 'x') },
]

/** A Condition of one operator and one key, and maybe what a request has under that key. */
const conditionAndValue = fc.constantFrom(...families).chain(({ names, operand, value }) =>
  fc
    .tuple(oneOf('', '', 'ForAllValues:', 'ForAnyValue:'), oneOf(...names), oneOf('', '', 'IfExists'))
    .map(([quantifier, name, ifExists]) => (name === 'Null' ? name : `${quantifier}${name}${ifExists}`))
    .chain((operator) =>
      fc.record({
        condition: fc.array(operand, { maxLength: 3 }).map((operands) => ({ [operator]: { 'aws:KEY': operands } })),
        value: fc.option(fc.oneof(value, fc.array(value, { maxLength: 3 })), { nil: undefined }),
      }),
    ),
)

const actionElement = fc.oneof(
  some('ecr-public:PutImage', 'ECR-PUBLIC:put*', '*', '*', 'ecr-public:?utImage', 's3:*').map((Action) => ({ Action })),
  some('ecr-public:DeleteRepository', 's3:*', 'sts:*').map((NotAction) => ({ NotAction })),
)

const end = joined('*', '?', 'team', '/', 'app', 'a', ':', '${aws:username}', '${aws:none}', '${*}')
const account = oneOf(ours, theirs, '*', '1*', '?11111111111', '1*1', '${aws:username}')
const resourcePattern = fc.oneof(
  oneOf(
    '*',
    repositoryArn(ours, 'team/app'),
    'arn:aws:ecr-public:*',
    'arn:*:team/app',
    'arn:aws:ecr-public:*:repository/a*',
  ),
  fc
    .tuple(account, oneOf('', 'repository/'), end)
    .map(([id, type, name]) => `arn:aws:ecr-public::${id}:${type}${name}`),
)
const resourceElement = fc
  .tuple(oneOf('Resource', 'Resource', 'NotResource'), fc.array(resourcePattern, { minLength: 1, maxLength: 3 }))
  .map(([element, patterns]) => ({ [element]: patterns }))

const principal = fc.oneof(
  fc.constant('*' as const),
  some(ours, `arn:aws:iam::${ours}:root`, theirs, alice.arn, alice.arn, bob.arn, '*').map((AWS) => ({ AWS })),
)
const allow = fc.constant({ Effect: 'Allow' as const })
const deny = fc.constant({ Effect: 'Deny' as const })

/** One in four has a condition: with more, hardly any would apply. */
function statementOf(...elements: fc.Arbitrary<object>[]): fc.Arbitrary<PlainStatement> {
  const conditional = conditionAndValue.map(({ condition }) => ({ Condition: condition }))
  const condition = fc.oneof({ weight: 3, arbitrary: fc.constant({}) }, conditional)
  return fc.tuple(...elements, condition).map((parts) => Object.assign({}, ...parts))
}

const allowOfUser = statementOf(allow, actionElement, resourceElement)
const allowOfRepository = statementOf(
  allow,
  actionElement,
  principal.map((Principal) => ({ Principal })),
)
const denyOfUser = statementOf(deny, actionElement, resourceElement)
const denyOfRepository = statementOf(
  deny,
  actionElement,
  fc.tuple(oneOf('Principal', 'NotPrincipal'), principal).map(([element, who]) => ({ [element]: who })),
)

function policyOf(allowing: fc.Arbitrary<PlainStatement>, denying: fc.Arbitrary<PlainStatement>) {
  const statement = fc.oneof({ weight: 3, arbitrary: allowing }, denying)
  const Version = fc.constantFrom('2008-10-17' as const, '2012-10-17' as const)
  return fc.record({ Version, Statement: fc.array(statement, { minLength: 1, maxLength: 3 }) })
}

const world: fc.Arbitrary<World> = fc.record({
  principal: fc.constantFrom<Principal>(alice, alice, bob, bob, ourRoot, theirRoot, anonymous),
  action: fc.constantFrom<Action>('ecr-public:PutImage', 'sts:GetServiceBearerToken'),
  resource: oneOf(repositoryArn(ours, 'team/app'), repositoryArn(ours, 'alice'), registryArn(ours), '*'),
  owner: fc.constant(ours),
  identityPolicies: fc.array(policyOf(allowOfUser, denyOfUser), { maxLength: 2 }),
  repositoryPolicy: fc.option(policyOf(allowOfRepository, denyOfRepository), { nil: undefined }),
  context: conditionAndValue.map(({ value }) => ({ 'aws:username': 'alice', ...(value && { 'aws:key': value }) })),
})

/** A world where all depends on one statement of one policy. */
function worldOf(statement: object, Version: PlainPolicy['Version'], rest: Partial<World>): World {
  const identityPolicies: PlainPolicy[] = [{ Version, Statement: [{ Effect: 'Allow', ...statement }] }]
  const request = { principal: alice, action: 'ecr-public:PutImage', resource: '*', owner: ours } as const
  return { ...request, identityPolicies, repositoryPolicy: undefined, context: {}, ...rest }
}

function decide(world: World) {
  return evaluate({
    ...world,
    resourceAccountId: world.owner,
    identityPolicies: world.identityPolicies.map((policy, index) => ({
      name: String(index),
      policy: parseIdentityPolicy(JSON.stringify(policy)),
    })),
    repositoryPolicy: world.repositoryPolicy && parseRepositoryPolicy(JSON.stringify(world.repositoryPolicy)),
    context: contextFrom(world.context),
  })
}

function verdict(world: World): Verdict {
  const decision = decide(world)
  if (decision.reason === 'allowed') return 'allow'
  return decision.reason === 'explicit-deny' ? 'explicit-deny' : `lacks ${decision.lacking}`
}

/** Runs a property for its share of the time. */
function holdsForAll<Value>(values: fc.Arbitrary<Value>, check: (value: Value) => void): void {
  fc.assert(fc.property(values, check), bounded)
}

describe('policies decide as their documents read', () => {
  const version = fc.constantFrom<PlainPolicy['Version'][]>('2008-10-17', '2012-10-17', '2012-10-17')

  test('one condition', () => {
    const username = oneOf('alice', 'a*', '')
    holdsForAll(fc.tuple(conditionAndValue, username, version), ([{ condition, value }, username, version]) => {
      const given = value === undefined ? {} : { 'AWS:key': value }
      const context = { 'aws:username': username, 'aws:many': ['a', 'b'], ...given }
      const conditional = worldOf({ Action: '*', Resource: '*', Condition: condition }, version, { context })
      expect(verdict(conditional)).toBe(oracle(conditional))
    })
  })

  test('one resource', () => {
    const name = joined('team', '/', 'app', 'a', ':', '*', 'alice')
    const resource = fc.oneof(
      name.map((each) => repositoryArn(ours, each)),
      oneOf('*', registryArn(ours)),
    )
    holdsForAll(fc.tuple(resourceElement, resource, version), ([element, resource, version]) => {
      const context = { 'aws:username': 'alice' }
      const world = worldOf({ Action: '*', ...element }, version, { resource, context })
      expect(verdict(world)).toBe(oracle(world))
    })
  })

  test('all there is', () => {
    holdsForAll(world, (world) => {
      expect(verdict(world)).toBe(oracle(world))
    })
  })
})

test('the statement that is said to decide exists and has the effect', () => {
  holdsForAll(world, (world) => {
    const decision = decide(world)
    if (decision.reason === 'implicit-deny' || decision.decidedBy.kind === 'root') return
    const by = decision.decidedBy
    const policy = by.kind === 'identity' ? world.identityPolicies[Number(by.policyName)] : world.repositoryPolicy
    expect(policy?.Statement[by.statement]?.Effect.toLowerCase()).toBe(decision.effect)
  })
})

describe('laws', () => {
  function withStatement(world: World, statement: PlainStatement): World {
    if (!statement.Principal) {
      const policy: PlainPolicy = { Version: '2012-10-17', Statement: [statement] }
      return { ...world, identityPolicies: [...world.identityPolicies, policy] }
    }
    const { Version, Statement } = world.repositoryPolicy ?? { Version: '2012-10-17', Statement: [] }
    return { ...world, repositoryPolicy: { Version, Statement: [...Statement, statement] } }
  }

  test('an explicit deny always wins', () => {
    const deny = fc.constantFrom({ Principal: '*' as const }, { Resource: '*' })
    holdsForAll(fc.tuple(world, deny), ([world, about]) => {
      expect(verdict(withStatement(world, { Effect: 'Deny', Action: '*', ...about }))).toBe('explicit-deny')
    })
  })

  test('one more allow never denies', () => {
    holdsForAll(fc.tuple(world, fc.oneof(allowOfUser, allowOfRepository)), ([world, allow]) => {
      const before = verdict(world)
      const after = verdict(withStatement(world, allow))
      expect(after === 'explicit-deny').toBe(before === 'explicit-deny')
      if (before === 'allow') expect(after).toBe('allow')
    })
  })

  test('neither order nor repetition matters', () => {
    const mixed = <Item>(items: readonly Item[]) =>
      fc.shuffledSubarray([...items, ...items], { minLength: items.length * 2 })
    const mixedPolicy = (policy: PlainPolicy) => mixed(policy.Statement).map((Statement) => ({ ...policy, Statement }))
    const pair = world.chain(({ identityPolicies, repositoryPolicy, ...request }) =>
      fc
        .record({
          identityPolicies: fc.tuple(...identityPolicies.map(mixedPolicy)).chain(mixed),
          repositoryPolicy: repositoryPolicy ? mixedPolicy(repositoryPolicy) : fc.constant(undefined),
        })
        .map(
          (policies) =>
            [
              { ...request, identityPolicies, repositoryPolicy },
              { ...request, ...policies },
            ] as const,
        ),
    )
    holdsForAll(pair, ([world, mixedUp]) => {
      expect(verdict(mixedUp)).toBe(verdict(world))
    })
  })
})
