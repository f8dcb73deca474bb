// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so

import { describe, expect, test } from 'vitest'

import { compileArnLike, compileResourcePattern, splitArn } from './arn-pattern.ts'
import { contextFrom } from './context.ts'
import { parseTemplate } from './template.ts'

const context = contextFrom({ 'aws:username': 'alice', 'aws:PrincipalTag/odd': 'a*:?' })
const app = 'arn:aws:ecr-public::123456789012:repository/team/app'

function templateOf(pattern: string) {
  return parseTemplate(pattern, { hasVariables: true, hasWildcards: true }, '')
}

test.for([
  ['arn:aws:iam::1:user/x', ['arn', 'aws', 'iam', '', '1', 'user/x']],
  ['arn:aws:a:b:c:d:e:f', ['arn', 'aws', 'a', 'b', 'c', 'd:e:f']],
  ['*', ['*']],
  ['', ['']],
] as const)('%j splits into %j', ([text, segments]) => {
  expect(splitArn(text)).toEqual(segments)
})

describe('a pattern of Resource', () => {
  test.for([
    [app, app, true],
    ['*', app, true],
    ['*', '*', true],
    [app, '*', false],
    ['arn:aws:ecr-public::123456789012:repository/*', app, true],
    ['arn:aws:ecr-public::123456789012:repository/*/app', app, true],
    ['arn:aws:ecr-public::123456789012:repository/team?app', app, true],
    ['arn:aws:ecr-public::*:repository/team/app', app, true],
    ['arn:aws:ecr-public:*:123456789012:repository/team/app', app, true],
    ['arn:aws:ecr-public::123456789012:repository/app', app, false],
    ['arn:aws:ecr-public::123456789012:repository/TEAM/*', app, false],
    // A star that ends a segment goes on past its colon, and past more than one.
    ['arn:aws:ecr-public::*', app, true],
    ['arn:aws:ecr-public::1234*', app, true],
    ['arn:aws:ecr-public*', app, true],
    ['arn:aws:ecr-public:*:repository/team/app', app, true],
    ['arn:*:repository/team/app', app, true],
    ['arn:*:*:*:*:*', app, true],
    // One that does not end it stays within.
    ['arn:aws:ecr-public::1*/app', app, false],
    ['arn:aws:ecr-public::1*2:repository/team/app', app, true],
    ['arn:aws:ecr-public:?123456789012:repository/team/app', app, false],
    ['arn:aws:ecr-public::1*2', app, false],
    ['arn:a*s:repository/team/app', app, false],
    // The last segment is the resource's own; there a colon is a character like any other.
    ['arn:aws:a:b:c:x*z', 'arn:aws:a:b:c:x:y:z', true],
    ['arn:aws:a:b:c:x?y:z', 'arn:aws:a:b:c:x:y:z', true],
    ['arn:aws:ecr-public::123456789012:repository/team/app:x', app, false],
    ['arn:aws:ecr-public::123456789012:repository/${aws:username}/*', app, false],
    [
      'arn:aws:ecr-public::123456789012:repository/${aws:username}/*',
      'arn:aws:ecr-public::123456789012:repository/alice/app',
      true,
    ],
    ['arn:aws:a:b:c:${aws:PrincipalTag/odd}', 'arn:aws:a:b:c:a*:?', true],
    ['arn:aws:a:b:c:${aws:PrincipalTag/odd}', 'arn:aws:a:b:c:axx:?', false],
    ['arn:aws:a:b:c:${aws:PrincipalTag/none}', 'arn:aws:a:b:c:', false],
    ['arn:aws:a:b:c:${aws:PrincipalTag/none}*', 'arn:aws:a:b:c:', false],
    ["arn:aws:a:b:c:${aws:PrincipalTag/none, 'x'}", 'arn:aws:a:b:c:x', true],
    ['arn:aws:a:b:c:${*}', 'arn:aws:a:b:c:*', true],
    ['arn:aws:a:b:c:${*}', 'arn:aws:a:b:c:x', false],
  ] as const)('%s on %s: %j', ([pattern, arn, expected]) => {
    expect(compileResourcePattern(templateOf(pattern))(splitArn(arn), context)).toBe(expected)
  })
})

describe('a pattern of ArnLike', () => {
  const finance = 'arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt'

  test.for([
    ['arn:aws:someservice:*:111122223333:finance/*', finance, false],
    ['arn:aws:someservice:*:999999999999:store/*', finance, true],
    ['arn:*:*:*:*:*', finance, true],
    ['arn:aws:someservice:*', finance, false],
    ['*', finance, true],
    ['*', 'no arn', false],
    ['arn:aws:someservice:us-east-2:*:*/${aws:username}', 'arn:aws:someservice:us-east-2:1:u/alice', true],
    ['arn:aws:someservice:us-east-2:*:*/${aws:missing}', 'arn:aws:someservice:us-east-2:1:u/alice', false],
  ] as const)('%s on %s: %j', ([pattern, arn, expected]) => {
    expect(compileArnLike(templateOf(pattern))(splitArn(arn), context)).toBe(expected)
  })
})
