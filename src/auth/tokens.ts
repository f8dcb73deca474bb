import { createHash, randomBytes, randomUUID } from 'node:crypto'

import { errors, jwtVerify, SignJWT } from 'jose'
import { LRUCache } from 'lru-cache'

import { refuse } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { SecretBox } from './secret-box.ts'

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
const signingKeyBytes = 32

/** Tokens longer than this were not made here. */
const tokenLengthMax = 8 * 1024
const verifiedTokensMax = 10_000

/**
 * Issues and verifies our tokens: JWTs under a secret that only this registry's database holds. The algorithm and the
 * keys are ours, whatever a token's header says; its `kid` only chooses among them.
 */
export class Tokens {
  readonly #keys: ReadonlyMap<string, Uint8Array>
  readonly #signingKeyId: string
  readonly #clock: Clock
  /** By hash of the token, so that a heap dump shows no credentials. */
  readonly #verified = new LRUCache<string, TokenClaims>({ max: verifiedTokensMax })

  private constructor(keys: ReadonlyMap<string, Uint8Array>, signingKeyId: string, clock: Clock) {
    this.#keys = keys
    this.#signingKeyId = signingKeyId
    this.#clock = clock
  }

  /** Load the signing keys, making the first one when there is none. */
  static async load(parts: { metadata: MetadataStore; box: SecretBox; clock: Clock }): Promise<Tokens> {
    const { metadata, box, clock } = parts
    const records = await metadata.write(async (tx) => {
      const existing = await tx.signingKeys.list()
      if (existing.length > 0) return existing
      const id = randomUUID()
      const secret = randomBytes(signingKeyBytes).toString('base64')
      const first = { id, sealedSecret: box.seal(secret, signingKeyOwner(id)), createdAt: clock() }
      await tx.signingKeys.insert(first)
      return [first]
    })
    const keys = new Map(
      records.map(({ id, sealedSecret }) => [id, Buffer.from(box.open(sealedSecret, signingKeyOwner(id)), 'base64')]),
    )
    return new Tokens(keys, records[0]!.id, clock)
  }

  async issue(claims: TokenClaims): Promise<string> {
    const { accessKeyId, access, expiresAt } = claims
    const jwt = new SignJWT({ ...(access && { access }) })
      .setProtectedHeader({ alg: algorithm, kid: this.#signingKeyId, typ: 'JWT' })
      .setIssuer(issuer)
      .setIssuedAt(Math.floor(this.#clock() / 1000))
      .setExpirationTime(Math.floor(expiresAt / 1000))
      .setJti(randomBytes(12).toString('base64url'))
    if (accessKeyId !== undefined) jwt.setSubject(accessKeyId)
    return jwt.sign(this.#keys.get(this.#signingKeyId)!)
  }

  /** Refuses `TokenInvalid`. */
  async verify(token: string): Promise<TokenClaims> {
    if (token.length > tokenLengthMax) throw refuse('TokenInvalid', { reason: 'too long' })
    const hash = createHash('sha256').update(token).digest('base64')
    const known = this.#verified.get(hash)
    if (known) {
      if (known.expiresAt > this.#clock()) return known
      this.#verified.delete(hash)
    }
    const claims = await this.#verify(token)
    this.#verified.set(hash, claims)
    return claims
  }

  async #verify(token: string): Promise<TokenClaims> {
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = kid === undefined ? undefined : this.#keys.get(kid)
          if (!key) throw new errors.JWKSNoMatchingKey()
          return key
        },
        { algorithms: [algorithm], issuer, currentDate: new Date(this.#clock()), requiredClaims: ['exp', 'iat'] },
      )
      return {
        accessKeyId: payload.sub,
        access: payload.access as readonly TokenAccess[] | undefined,
        expiresAt: payload.exp! * 1000,
      }
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause
      const reason = cause instanceof errors.JWTExpired ? 'expired' : 'not one of ours'
      throw refuse('TokenInvalid', { reason }, { cause })
    }
  }
}

function signingKeyOwner(id: string): string {
  return `signing-key:${id}`
}
