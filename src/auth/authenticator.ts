import { createHash } from 'node:crypto'

import { isRefusal, refuse } from '../errors.ts'
import type { NamedPolicy } from '../iam/evaluate.ts'
import { anonymous, type Principal } from '../iam/principal.ts'
import type { AccessKeys, KeyHolder } from './access-keys.ts'
import { parseSignature, type SignedRequest, verifySignature } from './sigv4.ts'
import type { TokenAccess, Tokens } from './tokens.ts'

/** Who a request comes from, by a credential that was verified. */
export interface Identity {
  readonly principal: Principal
  /** The principal's own policies, ready to be asked; a root user's are not read, as nothing depends on them. */
  readonly policies: readonly NamedPolicy[]
  /** The access key behind the credential; `undefined` for nobody in particular. */
  readonly accessKeyId: string | undefined
  /** False when no credential was shown at all. */
  readonly hasCredential: boolean
  /** What a bearer token was narrowed to; `undefined` for everything. */
  readonly access: readonly TokenAccess[] | undefined
  /** When the credential ends by itself, in milliseconds since the epoch; `undefined` for a key, which does not. */
  readonly expiresAt: number | undefined
}

/** The user name that goes with a password from GetAuthorizationToken. */
export const tokenUserName = 'AWS'

export class Authenticator {
  readonly #accessKeys: AccessKeys
  readonly #tokens: Tokens

  constructor(parts: { accessKeys: AccessKeys; tokens: Tokens }) {
    this.#accessKeys = parts.accessKeys
    this.#tokens = parts.tokens
  }

  /**
   * A request signed with SigV4. Its body is read only once the rest of it, up to the access key, has stood up: memory
   * is for those who have a key. Refuses `SignatureMissing`, `SignatureIncomplete`, `SignatureInvalid`,
   * `AccessKeyUnknown`.
   */
  async bySignature(
    request: SignedRequest,
    readBody: () => Promise<Uint8Array>,
    options: { readonly service: string; readonly now: number },
  ): Promise<{ identity: Identity; body: Uint8Array }> {
    const signature = parseSignature(request, options)
    // Our keys are all long-lived; a session token can only be another service's.
    if (signature.sessionToken !== undefined) throw refuse('AccessKeyUnknown', { accessKeyId: signature.accessKeyId })
    const { principal, policies, secretAccessKey } = await this.#accessKeys.open(signature.accessKeyId)
    const body = await readBody()
    verifySignature(signature, request, secretAccessKey, createHash('sha256').update(body).digest('hex'))
    const { accessKeyId } = signature
    const identity = { principal, policies, accessKeyId, hasCredential: true, access: undefined, expiresAt: undefined }
    return { identity, body }
  }

  /**
   * The `Authorization` header of a registry request. A bearer may be what `/token/` gave, the password of
   * GetAuthorizationToken, or that operation's whole `authorizationToken`; Basic carries the password.
   * Refuses `TokenInvalid`.
   */
  async byAuthorization(header: string | undefined): Promise<Identity> {
    if (header === undefined || header === '') return nobody
    const [, scheme, credentials] = /^([A-Za-z]+) +(\S+)$/.exec(header) ?? []
    switch (scheme?.toLowerCase()) {
      case 'bearer':
        return this.#byToken(credentials!.startsWith(outerTokenStart) ? passwordIn(credentials!) : credentials!)
      case 'basic':
        return this.#byToken(passwordIn(credentials!))
      default:
        throw refuse('TokenInvalid', { reason: 'neither Bearer nor Basic' })
    }
  }

  /** A user name and password, as a form carries them. Refuses `TokenInvalid`. */
  async byPassword(userName: string, password: string): Promise<Identity> {
    if (userName !== tokenUserName) throw refuse('TokenInvalid', { reason: `the user name is ${tokenUserName}` })
    return this.#byToken(password)
  }

  async #byToken(token: string): Promise<Identity> {
    const { accessKeyId, access, expiresAt } = await this.#tokens.verify(token)
    const holder = accessKeyId === undefined ? anybody : await this.#holderOf(accessKeyId)
    return { ...holder, accessKeyId, hasCredential: true, access, expiresAt }
  }

  async #holderOf(accessKeyId: string): Promise<KeyHolder> {
    try {
      return await this.#accessKeys.holderOf(accessKeyId)
    } catch (error) {
      if (!isRefusal(error, 'AccessKeyUnknown')) throw error
      throw refuse('TokenInvalid', { reason: 'its access key is gone' }, { cause: error })
    }
  }
}

const anybody = { principal: anonymous, policies: [] }

const nobody: Identity = {
  ...anybody,
  accessKeyId: undefined,
  hasCredential: false,
  access: undefined,
  expiresAt: undefined,
}

/** How base64 of `AWS:` begins. */
const outerTokenStart = 'QVdTO'

/** The password in base64 of `AWS:<password>`. */
function passwordIn(credentials: string): string {
  const text = Buffer.from(credentials, 'base64').toString('utf8')
  const colon = text.indexOf(':')
  if (colon < 0 || text.slice(0, colon) !== tokenUserName) {
    throw refuse('TokenInvalid', { reason: `the user name is ${tokenUserName}` })
  }
  return text.slice(colon + 1)
}
