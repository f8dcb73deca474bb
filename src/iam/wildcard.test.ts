import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { matchesWildcard, parseWildcards, type Text, unitsOf } from './wildcard.ts'

describe('wildcards', () => {
  test.for([
    ['', '', true],
    ['', 'a', false],
    ['*', '', true],
    ['*', 'anything/at:all', true],
    ['**', '', true],
    ['?', '', false],
    ['?', 'a', true],
    ['?', 'ab', false],
    ['a*', 'a', true],
    ['*a', 'ba', true],
    ['*a', 'ab', false],
    ['a*b', 'ab', true],
    ['a*b', 'axbxb', true],
    ['a*b', 'axbxc', false],
    ['*ab*', 'aab', true],
    ['*ab?', 'ababx', true],
    ['*?', '', false],
    ['*?', 'a', true],
    ['a*?c', 'abc', true],
    ['a*?c', 'ac', false],
    ['a.c', 'abc', false],
    ['A', 'a', false],
    ['*aab', 'aaab', true],
    ['a*a*a', 'aa', false],
  ] as const)('%s on %j: %j', ([pattern, text, expected]) => {
    expect(matchesWildcard(parseWildcards(pattern), text)).toBe(expected)
  })

  test('match what the plainest reading of them matches', () => {
    const plainly = (pattern: string, text: string): boolean => {
      if (pattern === '') return text === ''
      if (pattern[0] === '*') return plainly(pattern.slice(1), text) || (text !== '' && plainly(pattern, text.slice(1)))
      return text !== '' && (pattern[0] === '?' || pattern[0] === text[0]) && plainly(pattern.slice(1), text.slice(1))
    }
    const wordOf = (...units: string[]) => fc.string({ unit: fc.constantFrom(...units), maxLength: 9 })
    fc.assert(
      fc.property(wordOf('a', 'b', '*', '?'), wordOf('a', 'b'), (pattern, text) => {
        expect(matchesWildcard(parseWildcards(pattern), text)).toBe(plainly(pattern, text))
      }),
      { numRuns: 2_000 },
    )
  })

  test('in a literal, an asterisk and a question mark stand for themselves', () => {
    expect(matchesWildcard(unitsOf('a*?'), 'a*?')).toBe(true)
    expect(matchesWildcard(unitsOf('a*?'), 'abc')).toBe(false)
  })

  test.for([
    ['many stars', '*a'.repeat(5_000), 10_000, 0],
    ['many stars and an end that never comes', `${'*a'.repeat(5_000)}b`, 10_000, 1],
    ['many stars with single wildcards', `${'*?a'.repeat(3_000)}*b`, 10_000, 2],
    ['one long stretch', `*${'a'.repeat(500)}b*`, 1_000, 501],
    ['one long stretch of single wildcards', `*${'?a'.repeat(250)}b*`, 1_000, 501],
    ['a stretch longer than the text', `*${'a'.repeat(10_000)}b*`, 1_000, 1],
  ] as const)(
    'a hostile pattern reads its text no more often than its longest stretch: %s',
    ([, pattern, length, stretch]) => {
      const text = counted('a'.repeat(length))
      expect(matchesWildcard(parseWildcards(pattern), text)).toBe(stretch === 0)
      expect(text.reads()).toBeLessThanOrEqual((stretch + 2) * length)
    },
  )
})

function counted(text: string): Text & { reads(): number } {
  let reads = 0
  return {
    length: text.length,
    charCodeAt(at) {
      reads++
      return text.charCodeAt(at)
    },
    reads: () => reads,
  }
}
