import { createHash, randomBytes } from 'node:crypto'

import { errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'

import { refuse } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import { invariant } from '../lib/invariant.ts'
import { type SigningKeys, tokenMsMax } from './signing-keys.ts'

/** A grant of the Docker token specification ("access" claim). */
export interface TokenAccess {
  readonly type: 'repository'
  readonly name: string
  readonly actions: readonly string[]
}

/** What a verified token says. Whether its access key is still good is not the token's to say. */
export interface TokenClaims {
  /** The access key that the token was issued to; `undefined` for an anonymous token. */
  readonly accessKeyId: string | undefined
  /** What the token was narrowed to; `undefined` for all its holder may do. */
  readonly access: readonly TokenAccess[] | undefined
  /** Milliseconds since the epoch. */
  readonly expiresAt: number
}

const issuer = 'waybill'
const algorithm = 'HS256'

/** Tokens longer than this were not made here. */
const tokenLengthMax = 8 * 1024
const verifiedTokensMax = 10_000

/**
 * Issues and verifies our tokens: JWTs under secrets that only this registry's database holds. The algorithm and the
 * keys are ours, whatever a token's header says; its `kid` only chooses among them.
 */
export class Tokens {
  readonly #signingKeys: SigningKeys
  readonly #clock: Clock
  /** By hash of the token, so that a heap dump shows no credentials. Good for as long as the key behind it is. */
  readonly #verified = new LRUCache<string, { readonly keyId: string; readonly claims: TokenClaims }>({
    max: verifiedTokensMax,
  })

  constructor(parts: { signingKeys: SigningKeys; clock: Clock }) {
    this.#signingKeys = parts.signingKeys
    this.#clock = parts.clock
  }

  /** `expiresAt` is at most `tokenMsMax` from now. */
  async issue(claims: TokenClaims): Promise<string> {
    const { accessKeyId, access, expiresAt } = claims
    const now = this.#clock()
    invariant(expiresAt <= now + tokenMsMax, 'no token outlives the key that signs it')
    const key = await this.#signingKeys.current()
    const jwt = new SignJWT({ ...(access && { access }) })
      .setProtectedHeader({ alg: algorithm, kid: key.id, typ: 'JWT' })
      .setIssuer(issuer)
      .setIssuedAt(Math.floor(now / 1000))
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .setJti(randomBytes(12).toString('base64url'))
    if (accessKeyId !== undefined) jwt.setSubject(accessKeyId)
    return jwt.sign(key.secret)
  }

  /** Refuses `TokenInvalid`. */
  async verify(token: string): Promise<TokenClaims> {
    if (token.length > tokenLengthMax) throw refuse('TokenInvalid', { reason: 'too long' })
    const hash = createHash('sha256').update(token).digest('base64')
    const known = this.#verified.get(hash)
    if (known) {
      const isGood = known.claims.expiresAt > this.#clock() && (await this.#signingKeys.find(known.keyId))
      if (isGood) return known.claims
      this.#verified.delete(hash)
    }
    const verified = await this.#verify(token)
    this.#verified.set(hash, verified)
    return verified.claims
  }

  async #verify(token: string): Promise<{ keyId: string; claims: TokenClaims }> {
    try {
      const { payload, protectedHeader } = await jwtVerify(token, ({ kid }) => this.#secretOf(kid), {
        algorithms: [algorithm],
        issuer,
        currentDate: new Date(this.#clock()),
        requiredClaims: ['exp', 'iat'],
      })
      const claims = {
        accessKeyId: payload.sub,
        access: payload.access as readonly TokenAccess[] | undefined,
        expiresAt: payload.exp! * 1000,
      }
      return { keyId: protectedHeader.kid!, claims }
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause
      const reason = cause instanceof errors.JWTExpired ? 'expired' : 'not one of ours'
      throw refuse('TokenInvalid', { reason }, { cause })
    }
  }

  async #secretOf(keyId: string | undefined): Promise<Uint8Array> {
    const key = keyId === undefined ? undefined : await this.#signingKeys.find(keyId)
    if (!key) throw new errors.JWKSNoMatchingKey()
    return key.secret
  }
}
