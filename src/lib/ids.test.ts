import { expect, test } from 'vitest'

import { isBlobKey } from '../blobs/blob-store.ts'
import { newObjectKey, newRowId } from './ids.ts'

const now = Date.UTC(2026, 0, 1)

test('row ids of one millisecond are all different, and grow', () => {
  const ids = Array.from({ length: 10_000 }, () => newRowId(now))
  expect(new Set(ids).size).toBe(ids.length)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
})

test('a row id is an integer JavaScript can hold, also when the clock goes back, and decades from now', () => {
  const ids = [newRowId(now), newRowId(now - 60_000), newRowId(Date.UTC(2080, 0, 1))]
  expect(ids.every(Number.isSafeInteger)).toBe(true)
  expect(ids).toEqual(ids.toSorted((a, b) => a - b))
})

test('object keys are keys, and never the same', () => {
  const keys = Array.from({ length: 1_000 }, newObjectKey)
  expect(keys.every(isBlobKey)).toBe(true)
  expect(new Set(keys).size).toBe(keys.length)
})
