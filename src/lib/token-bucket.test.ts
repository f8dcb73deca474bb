import fc from 'fast-check'
import { expect, test } from 'vitest'

import { TokenBuckets } from './token-bucket.ts'

let now = 0
const clock = () => now

function buckets(options: { perSecond: number; burst: number; bucketsMax?: number }): TokenBuckets {
  now = Date.UTC(2027, 0, 1)
  return new TokenBuckets({ bucketsMax: 10, ...options, clock })
}

test('what a bucket holds can be taken at once, and then one at a time', () => {
  const limited = buckets({ perSecond: 10, burst: 3 })
  expect([1, 2, 3, 4, 5].map(() => limited.take('a'))).toEqual([0, 0, 0, 100, 100])
  now += 60
  expect(limited.take('a')).toBe(40)
  now += 40
  expect([limited.take('a'), limited.take('a')]).toEqual([0, 100])
})

test('a bucket never holds more than its burst', () => {
  const limited = buckets({ perSecond: 10, burst: 2 })
  limited.take('a')
  now += 3_600_000
  expect([1, 2, 3].map(() => limited.take('a'))).toEqual([0, 0, 100])
})

test('less than one a second is a long wait', () => {
  const limited = buckets({ perSecond: 0.1, burst: 1 })
  expect([limited.take('a'), limited.take('a')]).toEqual([0, 10_000])
})

test('keys have buckets of their own', () => {
  const limited = buckets({ perSecond: 1, burst: 1 })
  expect([limited.take('a'), limited.take('b'), limited.take('a')]).toEqual([0, 0, 1000])
})

test('the bucket that was asked for longest ago is forgotten', () => {
  const limited = buckets({ perSecond: 1, burst: 1, bucketsMax: 2 })
  for (const key of ['a', 'b', 'a', 'c']) limited.take(key)
  expect([limited.take('a'), limited.take('c'), limited.take('b')]).toEqual([1000, 1000, 0])
})

test('a clock that is set back neither fills nor blocks a bucket', () => {
  const limited = buckets({ perSecond: 1, burst: 1 })
  limited.take('a')
  now -= 3_600_000
  expect(limited.take('a')).toBe(1000)
  now += 1000
  expect(limited.take('a')).toBe(0)
})

test('whoever waits as long as told gets a token, and nobody gets more than burst and rate', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 300 }),
      fc.integer({ min: 1, max: 300 }),
      fc.array(fc.nat({ max: 50 }), { maxLength: 500 }),
      (perSecond, burst, pauses) => {
        const limited = buckets({ perSecond, burst })
        const start = now
        let taken = 0
        for (const pause of pauses) {
          now += pause
          const waitMs = limited.take('a')
          if (waitMs > 0) {
            now += waitMs
            expect(limited.take('a')).toBe(0)
          }
          taken += 1
          expect(taken).toBeLessThanOrEqual(burst + ((now - start) * perSecond) / 1000)
        }
      },
    ),
  )
})
