import { createHmac, generateKeyPairSync, sign } from 'node:crypto'

import fc from 'fast-check'
import { describe, expect } from 'vitest'

import { startAuth } from '../../test/support/auth-parts.ts'
import { authTest as test } from '../../test/support/auth-test.ts'
import { isRefusal } from '../errors.ts'
import { type SigningKey, tokenMsMax } from './signing-keys.ts'
import type { TokenAccess, TokenClaims } from './tokens.ts'

const hour = 3_600_000
const notOurs = { code: 'TokenInvalid', facts: { reason: 'not one of ours' } }
const access: TokenAccess[] = [{ type: 'repository', name: 'library/app', actions: ['pull', 'push'] }]

describe('a token', () => {
  test('says what it was issued with', async ({ auth }) => {
    const accessOf = fc.record({
      type: fc.constant('repository' as const),
      name: fc.string({ unit: 'binary', maxLength: 50 }),
      actions: fc.array(fc.constantFrom('pull', 'push', 'delete')),
    })
    const claims = fc.record({
      accessKeyId: fc.option(fc.stringMatching(/^AKIA[A-Z2-7]{16}$/), { nil: undefined }),
      access: fc.option(fc.array(accessOf, { maxLength: 5 }), { nil: undefined }),
      expiresAt: fc.integer({ min: 1, max: tokenMsMax / 1000 }).map((seconds) => auth.time.now + seconds * 1000),
    })
    await fc.assert(
      fc.asyncProperty(claims, async (issued: TokenClaims) => {
        const token = await auth.tokens.issue(issued)
        expect(await auth.tokens.verify(token)).toEqual(issued)
        // From the cache this time.
        expect(await auth.tokens.verify(token)).toEqual(issued)
      }),
      { numRuns: 50 },
    )
  })

  test('holds no colon, which would end it in `AWS:<password>`', async ({ auth }) => {
    const token = await auth.tokens.issue({ accessKeyId: 'AKIA1', access, expiresAt: auth.time.now + hour })
    expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  test('is another one each time', async ({ auth }) => {
    const issue = () => auth.tokens.issue({ accessKeyId: 'AKIA1', access, expiresAt: auth.time.now + hour })
    expect(await issue()).not.toBe(await issue())
  })

  test.for(['seen before', 'never seen'])('ends at its time, %s', async (seen, { auth }) => {
    const claims = { accessKeyId: 'AKIA1', access: undefined, expiresAt: auth.time.now + hour }
    const token = await auth.tokens.issue(claims)
    if (seen === 'seen before') await auth.tokens.verify(token)
    auth.time.now = claims.expiresAt - 1
    if (seen === 'seen before') expect(await auth.tokens.verify(token)).toEqual(claims)
    auth.time.now = claims.expiresAt
    await expect(auth.tokens.verify(token)).rejects.toMatchObject({
      code: 'TokenInvalid',
      facts: { reason: 'expired' },
    })
  })

  test('cannot be made to last longer than its key is kept', async ({ auth }) => {
    const issue = (expiresAt: number) => auth.tokens.issue({ accessKeyId: 'AKIA1', access: undefined, expiresAt })
    await issue(auth.time.now + tokenMsMax)
    await expect(issue(auth.time.now + tokenMsMax + 1)).rejects.toThrow('outlives')
  })
})

describe('refused:', () => {
  test('a token with any character changed', async ({ auth }) => {
    const token = await auth.tokens.issue({ accessKeyId: 'AKIA1', access, expiresAt: auth.time.now + hour })
    // The last character of a signature has two bits that mean nothing.
    const places = fc.integer({ min: 0, max: token.length - 2 })
    await fc.assert(
      fc.asyncProperty(places, fc.constantFrom(...'AZaz09-_.='), async (at, character) => {
        fc.pre(token[at] !== character)
        const changed = token.slice(0, at) + character + token.slice(at + 1)
        await expect(auth.tokens.verify(changed)).rejects.toMatchObject(notOurs)
      }),
    )
  })

  test('any text, without anything else being thrown', async ({ auth }) => {
    const part = fc.base64String({ maxLength: 40 })
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.tuple(part, part, part).map((parts) => parts.join('.')),
    )
    await fc.assert(
      fc.asyncProperty(text, async (token) => {
        const thrown: unknown = await auth.tokens.verify(token).catch((error: unknown) => error)
        expect(isRefusal(thrown, 'TokenInvalid')).toBe(true)
      }),
    )
  })

  test('one longer than any of ours', async ({ auth }) => {
    const refusal = { code: 'TokenInvalid', facts: { reason: 'too long' } }
    await expect(auth.tokens.verify('a'.repeat(8 * 1024 + 1))).rejects.toMatchObject(refusal)
  })

  test('a token of another registry', async ({ auth }) => {
    await using other = await startAuth()
    const token = await other.tokens.issue({ accessKeyId: 'AKIA1', access, expiresAt: auth.time.now + hour })
    await expect(auth.tokens.verify(token)).rejects.toMatchObject(notOurs)
  })
})

/** A JWT put together by hand: these are what no library would make. */
function jwt(header: object, payload: object, signatureOf: (input: string) => Uint8Array): string {
  const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  const input = `${encode(header)}.${encode(payload)}`
  return `${input}.${Buffer.from(signatureOf(input)).toString('base64url')}`
}

const hmac = (algorithm: string, secret: string | Uint8Array) => (input: string) =>
  createHmac(algorithm, secret).update(input).digest()

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const publicPem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
const foreignSecret = Buffer.alloc(32, 3)
const foreignJwk = { kty: 'oct', k: foreignSecret.toString('base64url'), alg: 'HS256' }

/** By what a forger would hope for. Each is made with the registry's own key id, and where it says so with its secret. */
const forgeries: [hope: string, forge: (key: SigningKey, payload: Record<string, unknown>) => string][] = [
  ['no algorithm at all', ({ id }, payload) => jwt({ alg: 'none', kid: id }, payload, () => Buffer.alloc(0))],
  [
    'an algorithm spelled otherwise',
    ({ id, secret }, payload) => jwt({ alg: 'hs256', kid: id }, payload, hmac('sha256', secret)),
  ],
  [
    'another algorithm under our secret',
    ({ id, secret }, payload) => jwt({ alg: 'HS512', kid: id }, payload, hmac('sha512', secret)),
  ],
  [
    'a key pair of the forger',
    ({ id }, payload) =>
      jwt({ alg: 'RS256', kid: id }, payload, (input) => sign('sha256', Buffer.from(input), rsa.privateKey)),
  ],
  [
    'a public key taken for a secret',
    ({ id }, payload) => jwt({ alg: 'HS256', kid: id }, payload, hmac('sha256', publicPem)),
  ],
  [
    'our secret under a label of RSA',
    ({ id, secret }, payload) => jwt({ alg: 'RS256', kid: id }, payload, hmac('sha256', secret)),
  ],
  [
    'a secret of the forger',
    ({ id }, payload) => jwt({ alg: 'HS256', kid: id }, payload, hmac('sha256', foreignSecret)),
  ],
  [
    'a secret that comes along',
    ({ id }, payload) => jwt({ alg: 'HS256', kid: id, jwk: foreignJwk }, payload, hmac('sha256', foreignSecret)),
  ],
  [
    'a secret that comes along, under its own id',
    (_, payload) =>
      jwt({ alg: 'HS256', kid: 'mine', jwk: { ...foreignJwk, kid: 'mine' } }, payload, hmac('sha256', foreignSecret)),
  ],
  ['an empty secret', ({ id }, payload) => jwt({ alg: 'HS256', kid: id }, payload, hmac('sha256', ''))],
  ['an unknown key id', ({ secret }, payload) => jwt({ alg: 'HS256', kid: 'other' }, payload, hmac('sha256', secret))],
  ['no key id', ({ secret }, payload) => jwt({ alg: 'HS256' }, payload, hmac('sha256', secret))],
  [
    'a key id every object has',
    ({ secret }, payload) => jwt({ alg: 'HS256', kid: 'constructor' }, payload, hmac('sha256', secret)),
  ],
  [
    'an extension to be understood',
    ({ id, secret }, payload) => jwt({ alg: 'HS256', kid: id, crit: ['x'], x: 1 }, payload, hmac('sha256', secret)),
  ],
  [
    'no end',
    ({ id, secret }, { exp: _, ...payload }) => jwt({ alg: 'HS256', kid: id }, payload, hmac('sha256', secret)),
  ],
  [
    'no beginning',
    ({ id, secret }, { iat: _, ...payload }) => jwt({ alg: 'HS256', kid: id }, payload, hmac('sha256', secret)),
  ],
  [
    'another issuer',
    ({ id, secret }, payload) => jwt({ alg: 'HS256', kid: id }, { ...payload, iss: 'other' }, hmac('sha256', secret)),
  ],
]

describe('a forged token that hopes for', () => {
  const payloadAt = (now: number) => ({ iss: 'waybill', iat: now / 1000, exp: now / 1000 + 60, sub: 'AKIA1' })

  test('nothing, being made as ours are, is good: the others fail for what they hope for', async ({ auth }) => {
    const { id, secret } = await auth.signingKeys.current()
    const token = jwt({ alg: 'HS256', kid: id }, payloadAt(auth.time.now), hmac('sha256', secret))
    expect(await auth.tokens.verify(token)).toMatchObject({ accessKeyId: 'AKIA1' })
  })

  test.for(forgeries)('%s is refused', async ([, forge], { auth }) => {
    const token = forge(await auth.signingKeys.current(), payloadAt(auth.time.now))
    await expect(auth.tokens.verify(token)).rejects.toMatchObject(notOurs)
  })
})
