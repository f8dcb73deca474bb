// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so

import { describe, expect, test } from 'vitest'

import { compileCondition } from './condition.ts'
import { type ContextValue, contextFrom } from './context.ts'
import { PolicyInvalid } from './policy-invalid.ts'

function holds(operator: string, operands: unknown, value: ContextValue | undefined, hasVariables = true): boolean {
  const condition = compileCondition({ [operator]: { 'app:Key': operands } }, hasVariables, 'Condition')
  return condition(contextFrom({ 'aws:username': 'alice', ...(value === undefined ? {} : { 'APP:kEY': value }) }))
}

describe('one value of a request', () => {
  test.for([
    ['StringEquals', 'a', 'a', true],
    ['StringEquals', 'a', 'A', false],
    ['StringEquals', 'a*', 'ab', false],
    ['StringEquals', '', '', true],
    ['StringEquals', ['a', 'b'], 'b', true],
    ['StringEquals', [], 'b', false],
    ['stringequals', 'a', 'a', true],
    ['StringEquals', 7, '7', true],
    ['StringEquals', true, 'true', true],
    ['StringNotEquals', ['a', 'b'], 'b', false],
    ['StringNotEquals', ['a', 'b'], 'c', true],
    ['StringNotEquals', [], 'c', true],
    ['StringEqualsIgnoreCase', 'aB', 'Ab', true],
    ['StringNotEqualsIgnoreCase', 'aB', 'Ab', false],
    ['StringLike', 'a*c?', 'abbcd', true],
    ['StringLike', 'a*', 'bab', false],
    ['StringNotLike', 'a*', 'abc', false],
    ['StringNotLike', ['a*', 'b*'], 'c', true],
    ['NumericEquals', '10', '10.0', true],
    ['NumericEquals', 10, '1e1', true],
    ['NumericNotEquals', '10', '11', true],
    ['NumericLessThan', '10', '9.99', true],
    ['NumericLessThan', '10', '10', false],
    ['NumericLessThanEquals', '10', '10', true],
    ['NumericGreaterThan', '-1', '0', true],
    ['NumericGreaterThanEquals', '10', '9', false],
    ['NumericLessThan', '10', 'nine', false],
    ['NumericLessThan', '10', '', false],
    ['NumericNotEquals', '10', 'nine', true],
    ['DateEquals', '2020-01-01', '2020-01-01T00:00:00Z', true],
    ['DateEquals', '2020-01-01T01:00+01:00', '1577836800', true],
    ['DateEquals', '2020-01-01T00:00:00', '2020', true],
    ['DateNotEquals', '2020-01', '2020-01-02', true],
    ['DateLessThan', '2020-01-01T00:00:00.500Z', '2020-01-01T00:00:00.499Z', true],
    ['DateLessThanEquals', 1577836800, '2020-01-01T00:00:00Z', true],
    ['DateGreaterThan', '2020-01-01T00:00:00Z', '2019-12-31T23:59:59Z', false],
    ['DateGreaterThanEquals', '2020-01-01T00:00:00Z', 'yesterday', false],
    ['Bool', 'true', 'true', true],
    ['Bool', true, 'TRUE', true],
    ['Bool', 'false', 'true', false],
    ['Bool', 'false', '0', false],
    ['BinaryEquals', 'QmluYXJ5', 'QmluYXJ5', true],
    ['BinaryEquals', 'QQ==', 'QQ', true],
    ['BinaryEquals', 'QmluYXJ5', 'qmluyxj5', false],
    ['IpAddress', '203.0.113.0/24', '203.0.113.77', true],
    ['IpAddress', '203.0.113.0/24', '203.0.114.77', false],
    ['IpAddress', '203.0.113.9', '203.0.113.9', true],
    ['IpAddress', '203.0.113.9', '203.0.113.8', false],
    ['IpAddress', ['203.0.113.9', '2001:DB8::/32'], '2001:db8:ffff::1', true],
    ['IpAddress', '2001:db8::1', '2001:db8:0:0::2', false],
    ['IpAddress', '203.0.113.0/24', '::ffff:203.0.113.77', true],
    ['IpAddress', '::/0', '203.0.113.77', false],
    ['IpAddress', '0.0.0.0/0', '::1', false],
    ['IpAddress', '0.0.0.0/0', 'not an address', false],
    ['NotIpAddress', ['203.0.113.0/24', '10.0.0.0/8'], '10.1.1.1', false],
    ['NotIpAddress', '203.0.113.0/24', 'not an address', true],
    ['ArnLike', 'arn:aws:iam::*:user/*', 'arn:aws:iam::123456789012:user/alice', true],
    ['ArnEquals', 'arn:aws:iam::*:user/*', 'arn:aws:iam::123456789012:user/alice', true],
    ['ArnNotLike', 'arn:aws:iam::*:user/*', 'arn:aws:iam::123456789012:user/alice', false],
    ['ArnNotEquals', 'arn:aws:iam::*:role/*', 'arn:aws:iam::123456789012:user/alice', true],
    ['Null', 'true', 'x', false],
    ['Null', 'false', 'x', true],
    ['Null', false, '', true],
    ['StringEquals', '${aws:username}', 'alice', true],
    ['StringEqualsIgnoreCase', '${aws:username}', 'ALICE', true],
    ['StringLike', '${aws:username}/*', 'alice/app', true],
    ['StringLike', '${*}', 'alice', false],
    ['ArnLike', 'arn:aws:iam::1:user/${aws:username}', 'arn:aws:iam::1:user/alice', true],
    // A variable without a value is equal to nothing and like nothing.
    ['StringEquals', '${aws:nothing}', '', false],
    ['StringEquals', ['${aws:nothing}', 'b'], 'b', true],
    ['StringLike', '${aws:nothing}*', 'x', false],
    ['StringNotEquals', '${aws:nothing}', 'x', true],
    ['ArnNotLike', 'arn:aws:iam::1:user/${aws:nothing}', 'arn:aws:iam::1:user/alice', true],
  ] as const)('%s %j holds for %j: %j', ([operator, operands, value, expected]) => {
    expect(holds(operator, operands, value)).toBe(expected)
  })

  test('in a policy of 2008, a variable is text', () => {
    expect(holds('StringEquals', '${aws:username}', 'alice', false)).toBe(false)
    expect(holds('StringEquals', '${aws:username}', '${aws:username}', false)).toBe(true)
  })
})

describe('a key that the request lacks', () => {
  test.for([
    ['StringEquals', 'a', false],
    ['StringLike', '*', false],
    ['NumericLessThan', '1', false],
    ['DateGreaterThan', '2020', false],
    ['Bool', 'false', false],
    ['BinaryEquals', 'QQ==', false],
    ['IpAddress', '0.0.0.0/0', false],
    ['ArnLike', '*', false],
    ['StringNotEquals', 'a', true],
    ['StringNotLike', '*', true],
    ['NumericNotEquals', '1', true],
    ['DateNotEquals', '2020', true],
    ['NotIpAddress', '0.0.0.0/0', true],
    ['ArnNotLike', '*', true],
    ['StringEqualsIfExists', 'a', true],
    ['StringNotEqualsIfExists', 'a', true],
    ['NumericLessThanIfExists', '1', true],
    ['Null', 'true', true],
    ['Null', 'false', false],
    ['Null', ['true', 'false'], true],
    ['ForAllValues:StringEquals', 'a', true],
    ['ForAllValues:StringNotEquals', 'a', true],
    ['ForAnyValue:StringEquals', 'a', false],
    ['ForAnyValue:StringNotEquals', 'a', false],
    ['ForAnyValue:StringEqualsIfExists', 'a', true],
    ['ForAllValues:StringEqualsIfExists', 'a', true],
  ] as const)('%s %j: %j', ([operator, operands, expected]) => {
    expect(holds(operator, operands, undefined)).toBe(expected)
    expect(holds(operator, operands, [])).toBe(expected)
  })
})

describe('a key of several values', () => {
  test.for([
    ['ForAllValues:StringEquals', ['a', 'b', 'c'], ['a', 'b'], true],
    ['ForAllValues:StringEquals', ['a', 'c'], ['a', 'b'], false],
    ['ForAllValues:StringLike', ['a*', 'b*'], ['ab', 'ba'], true],
    ['ForAllValues:StringNotEquals', ['x', 'y'], ['a', 'b'], true],
    ['ForAllValues:StringNotEquals', ['x', 'b'], ['a', 'b'], false],
    ['ForAllValues:StringEquals', 'a', '', true],
    ['ForAnyValue:StringEquals', ['b', 'c'], ['a', 'b'], true],
    ['ForAnyValue:StringEquals', ['c', 'd'], ['a', 'b'], false],
    ['ForAnyValue:StringNotEquals', ['a'], ['a', 'b'], true],
    ['ForAnyValue:StringNotEquals', ['a', 'b'], ['a', 'b'], false],
    ['ForAnyValue:StringEquals', '', '', false],
    ['forallvalues:stringequals', 'a', ['a', 'a'], true],
    ['StringEquals', ['b', 'c'], ['a', 'b'], true],
    ['StringNotEquals', ['b', 'c'], ['a', 'b'], false],
    ['StringNotEquals', ['c', 'd'], ['a', 'b'], true],
    ['StringEqualsIfExists', 'c', ['a', 'b'], false],
  ] as const)('%s %j holds for %j: %j', ([operator, operands, value, expected]) => {
    expect(holds(operator, operands, value)).toBe(expected)
  })
})

test('all keys of all operators must hold', () => {
  const condition = compileCondition({ StringEquals: { a: '1', b: '2' }, Bool: { c: true } }, true, '')
  expect(condition(contextFrom({ A: '1', B: '2', C: 'true' }))).toBe(true)
  expect(condition(contextFrom({ A: '1', B: '2', C: 'false' }))).toBe(false)
  expect(condition(contextFrom({ A: '1', B: '3', C: 'true' }))).toBe(false)
})

test('an empty Condition holds', () => {
  expect(compileCondition({}, true, '')(contextFrom({}))).toBe(true)
  expect(compileCondition({ StringEquals: {} }, true, '')(contextFrom({}))).toBe(true)
})

test.for([
  ['not an object', [], 'Condition'],
  ['keys that are no object', { StringEquals: 'a' }, 'Condition.StringEquals'],
  ['an unknown operator', { StringMatches: { k: 'a' } }, 'Condition.StringMatches.k'],
  ['an unknown quantifier', { 'ForSomeValues:StringEquals': { k: 'a' } }, 'Condition.ForSomeValues:StringEquals.k'],
  ['a quantified Null', { 'ForAllValues:Null': { k: 'true' } }, 'Condition.ForAllValues:Null.k'],
  ['NullIfExists', { NullIfExists: { k: 'true' } }, 'Condition.NullIfExists.k'],
  ['a Null of neither', { Null: { k: 'maybe' } }, 'Condition.Null.k'],
  ['a Bool of neither', { Bool: { k: 'yes' } }, 'Condition.Bool.k'],
  ['no number', { NumericEquals: { k: '0x10' } }, 'Condition.NumericEquals.k'],
  ['no date', { DateEquals: { k: 'tomorrow' } }, 'Condition.DateEquals.k'],
  ['no such month', { DateEquals: { k: '2020-13-01' } }, 'Condition.DateEquals.k'],
  ['no address', { IpAddress: { k: '203.0.113.0.1' } }, 'Condition.IpAddress.k'],
  ['a prefix too long', { IpAddress: { k: '203.0.113.0/33' } }, 'Condition.IpAddress.k'],
  ['an object for a value', { StringEquals: { k: {} } }, 'Condition.StringEquals.k'],
  ['null for a value', { StringEquals: { k: null } }, 'Condition.StringEquals.k'],
  ['a variable out of shape', { StringEquals: { k: '${' } }, 'Condition.StringEquals.k'],
  ['too many values', { StringEquals: { k: Array(1_001).fill('a') } }, 'Condition.StringEquals.k'],
  [
    'too many keys',
    { StringEquals: Object.fromEntries(Array.from({ length: 101 }, (_, n) => [`k${n}`, 'a'])) },
    'Condition',
  ],
] as const)('%s is refused, with its place', ([, element, path]) => {
  const compile = () => compileCondition(element, true, 'Condition')
  expect(compile).toThrow(PolicyInvalid)
  expect(compile).toThrow(expect.objectContaining({ path }))
})
