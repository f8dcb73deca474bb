import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { SecretBox, SecretUnreadable } from './secret-box.ts'

const box = new SecretBox(Buffer.alloc(32, 1))
const text = fc.string({ unit: 'binary' })

test('what was sealed for an owner opens for that owner', () => {
  fc.assert(
    fc.property(text, text, (secret, owner) => {
      expect(box.open(box.seal(secret, owner), owner)).toBe(secret)
    }),
  )
})

test('what was sealed for one owner does not open for another', () => {
  fc.assert(
    fc.property(text, text, text, (secret, owner, other) => {
      fc.pre(owner !== other)
      const sealed = box.seal(secret, owner)
      expect(() => box.open(sealed, other)).toThrow(SecretUnreadable)
    }),
  )
})

test('the same secret is never sealed twice alike', () => {
  const sealed = Array.from({ length: 100 }, () => Buffer.from(box.seal('secret', 'owner')).toString('hex'))
  expect(new Set(sealed).size).toBe(100)
  expect(sealed.join()).not.toContain(Buffer.from('secret').toString('hex'))
})

describe('does not open', () => {
  const sealed = box.seal('a secret', 'owner')

  test('with another key', () => {
    const other = new SecretBox(Buffer.alloc(32, 2))
    expect(() => other.open(sealed, 'owner')).toThrow('the secret of owner cannot be read')
  })

  test('with any bit changed', () => {
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      expect(() => box.open(changed, 'owner'), `bit ${bit}`).toThrow(SecretUnreadable)
    }
  })

  test('cut short, or with more behind it', () => {
    for (let length = 0; length < sealed.length; length++) {
      expect(() => box.open(sealed.subarray(0, length), 'owner'), `${length} bytes`).toThrow(SecretUnreadable)
    }
    expect(() => box.open(Buffer.concat([sealed, Buffer.alloc(1)]), 'owner')).toThrow(SecretUnreadable)
  })
})

test.for([0, 16, 31, 33])('%i bytes are no secret key', (length) => {
  expect(() => new SecretBox(new Uint8Array(length))).toThrow('32 bytes')
})
