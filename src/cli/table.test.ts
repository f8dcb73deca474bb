import { expect, test } from 'vitest'

import { facts, shownTime, table } from './table.ts'

test('columns are as wide as their widest cell, and lines end where their text does', () => {
  const rows = [
    ['a', 'long cell', ''],
    ['longest', 'b', 'c'],
  ]
  expect(table(['name', 'x', 'last'], rows)).toBe(
    ['NAME     X          LAST', 'a        long cell', 'longest  b          c'].join('\n'),
  )
})

test('a table without rows is its heading', () => {
  expect(table(['name', 'arn'], [])).toBe('NAME  ARN')
})

test('facts are a line each', () => {
  expect(facts({ id: '1', 'display name': 'Acme' })).toBe('id            1\ndisplay name  Acme')
})

test('times are shown to the second, in UTC', () => {
  expect(shownTime(Date.UTC(2026, 0, 2, 3, 4, 5, 678))).toBe('2026-01-02T03:04:05Z')
})
