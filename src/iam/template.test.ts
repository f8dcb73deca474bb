// biome-ignore-all lint/suspicious/noTemplateCurlyInString: policy variables are written so

import { describe, expect, test } from 'vitest'

import { contextFrom } from './context.ts'
import { PolicyInvalid } from './policy-invalid.ts'
import { fill, isConstant, parseTemplate } from './template.ts'
import { anyOne, anyRun, textOf, unitsOf } from './wildcard.ts'

const context = contextFrom({
  'aws:UserName': 'alice',
  'aws:TagKeys': ['a', 'b'],
  one: ['single'],
  none: [],
  empty: '',
})

function filled(text: string, hasVariables = true): string | undefined {
  const units = fill(parseTemplate(text, { hasVariables, hasWildcards: false }, ''), context)
  return units && textOf(units)
}

describe('policy variables', () => {
  test.for([
    ['plain', 'plain'],
    ['${aws:username}', 'alice'],
    ['<${AWS:USERNAME}>', '<alice>'],
    ['${aws:username}${aws:username}', 'alicealice'],
    ['${one}', 'single'],
    ['${empty}', ''],
    ['${aws:unknown}', undefined],
    ['x-${aws:unknown}', undefined],
    ['${aws:TagKeys}', undefined],
    ['${none}', undefined],
    ["${aws:unknown, 'nobody'}", 'nobody'],
    ["${aws:unknown,'a}b'}", 'a}b'],
    ["${aws:unknown, ''}", ''],
    ["${aws:username, 'nobody'}", 'alice'],
    ["${aws:TagKeys, 'several'}", 'several'],
    ['${*}${?}${$}{x}', '*?${x}'],
    ['costs 5$ {or} more', 'costs 5$ {or} more'],
  ] as const)('%j becomes %j', ([text, expected]) => {
    expect(filled(text)).toBe(expected)
  })

  test('are text in a policy of 2008', () => {
    expect(filled('${aws:username} ${', false)).toBe('${aws:username} ${')
  })

  test.for(['${', '${}', 'x${aws:username', '${a,b}', "${a, 'b}", '${a{b}}', "${a 'b'}"])('%j is refused', (text) => {
    const parse = () => parseTemplate(text, { hasVariables: true, hasWildcards: true }, 'Here')
    expect(parse).toThrow(PolicyInvalid)
    expect(parse).toThrow(/^Here: /)
  })
})

test('wildcards are wildcards where the syntax has them, and nowhere else', () => {
  const withWildcards = parseTemplate('a*?${*}', { hasVariables: true, hasWildcards: true }, '')
  expect(withWildcards).toEqual([...unitsOf('a'), anyRun, anyOne, ...unitsOf('*')])
  expect(parseTemplate('a*?', { hasVariables: true, hasWildcards: false }, '')).toEqual(unitsOf('a*?'))
})

test('only a template without variables is constant', () => {
  expect(isConstant(parseTemplate('a*', { hasVariables: true, hasWildcards: true }, ''))).toBe(true)
  expect(isConstant(parseTemplate('${a}', { hasVariables: true, hasWildcards: true }, ''))).toBe(false)
})
