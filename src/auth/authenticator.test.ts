import { describe, expect } from 'vitest'

import type { AuthParts } from '../../test/support/auth-parts.ts'
import { authTest } from '../../test/support/auth-test.ts'
import { type ApiRequest, sign } from '../../test/support/signed-request.ts'
import type { AccessKey } from './access-keys.ts'
import type { SignedRequest } from './sigv4.ts'
import type { TokenAccess } from './tokens.ts'

const account = '123456789012'
const userArn = `arn:aws:iam::${account}:user/alice`
const hour = 3_600_000

const test = authTest
  .extend('key', async ({ auth }): Promise<AccessKey> => {
    await auth.identities.accounts.create({ id: account })
    await auth.identities.users.create(account, 'alice')
    return auth.identities.keys.create(account, 'alice')
  })
  .extend('token', ({ auth, key }) => issueTo(auth, key.accessKeyId))

function issueTo({ tokens, time }: AuthParts, accessKeyId: string | undefined, access?: TokenAccess[]) {
  return tokens.issue({ accessKeyId, access, expiresAt: time.now + hour })
}

const base64 = (text: string) => Buffer.from(text).toString('base64')
const invalid = { code: 'TokenInvalid' }

describe('an Authorization header', () => {
  test.for<[shape: string, header: (token: string) => string]>([
    ['a bearer token', (token) => `Bearer ${token}`],
    ['one with its scheme in lower case', (token) => `bearer ${token}`],
    ['one with its scheme in upper case', (token) => `BEARER ${token}`],
    ['one behind several spaces', (token) => `Bearer   ${token}`],
    ['the whole authorizationToken', (token) => `Bearer ${base64(`AWS:${token}`)}`],
    ['user name and password', (token) => `Basic ${base64(`AWS:${token}`)}`],
    ['these with the scheme in lower case', (token) => `basic ${base64(`AWS:${token}`)}`],
    ['these without padding', (token) => `Basic ${base64(`AWS:${token}`).replace(/=+$/, '')}`],
  ])('may be %s', async ([, header], { auth, key, token }) => {
    expect(await auth.authenticator.byAuthorization(header(token))).toEqual({
      principal: expect.objectContaining({ kind: 'user', arn: userArn }),
      policies: [],
      accessKeyId: key.accessKeyId,
      hasCredential: true,
      access: undefined,
      expiresAt: auth.time.now + hour,
    })
  })

  test.for([undefined, ''])('may be absent: %j is nobody', async (header, { auth }) => {
    expect(await auth.authenticator.byAuthorization(header)).toEqual({
      principal: { kind: 'anonymous' },
      policies: [],
      accessKeyId: undefined,
      hasCredential: false,
      access: undefined,
      expiresAt: undefined,
    })
  })

  test('may be an anonymous token, which is a credential all the same', async ({ auth }) => {
    const token = await issueTo(auth, undefined)
    expect(await auth.authenticator.byAuthorization(`Bearer ${token}`)).toMatchObject({
      principal: { kind: 'anonymous' },
      accessKeyId: undefined,
      hasCredential: true,
    })
  })

  test('says what its token was narrowed to', async ({ auth, key }) => {
    const access: TokenAccess[] = [{ type: 'repository', name: 'acme/app', actions: ['pull'] }]
    const token = await issueTo(auth, key.accessKeyId, access)
    expect(await auth.authenticator.byAuthorization(`Bearer ${token}`)).toMatchObject({ access })
  })

  test.for<[shape: string, header: (token: string) => string]>([
    ['a scheme alone', () => 'Bearer'],
    ['a scheme and a space', () => 'Bearer '],
    ['a token alone', (token) => token],
    ['a token with something behind it', (token) => `Bearer ${token} x`],
    ['a token with a comma behind it', (token) => `Bearer ${token},`],
    ['two credentials', (token) => `Bearer ${token}, Basic ${base64(`AWS:${token}`)}`],
    ['a space before the scheme', (token) => ` Bearer ${token}`],
    ['a line break', (token) => `Bearer\n${token}`],
    ['another scheme', (token) => `Digest ${token}`],
    ['a signature', () => 'AWS4-HMAC-SHA256 Credential=AKIA1/20260101/us-east-1/ecr-public/aws4_request'],
    ['what is no token', () => 'Bearer 0123456789'],
    ['a password as Basic, bare', (token) => `Basic ${token}`],
    ['a password without a user name', (token) => `Basic ${base64(token)}`],
    ['a password with an empty user name', (token) => `Basic ${base64(`:${token}`)}`],
    ['a password with another user name', (token) => `Basic ${base64(`admin:${token}`)}`],
    ['a password with the user name in lower case', (token) => `Basic ${base64(`aws:${token}`)}`],
    ['a user name without a password', () => `Basic ${base64('AWS:')}`],
    ['a password with something behind it', (token) => `Basic ${base64(`AWS:${token}:x`)}`],
    ['what is no base64', () => 'Basic !!!!'],
    ['an access key', () => `Basic ${base64('AKIAIOSFODNN7EXAMPLE:wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY')}`],
    ['an authorizationToken with another user name', (token) => `Bearer ${base64(`AWSX:${token}`)}`],
  ])('is refused as %s', async ([, header], { auth, token }) => {
    await expect(auth.authenticator.byAuthorization(header(token))).rejects.toMatchObject(invalid)
  })

  test('is refused once its access key is disabled', async ({ auth, key, token }) => {
    await auth.authenticator.byAuthorization(`Bearer ${token}`)
    await auth.identities.keys.setEnabled(key.accessKeyId, false)
    await expect(auth.authenticator.byAuthorization(`Bearer ${token}`)).rejects.toMatchObject(invalid)
    await expect(auth.authenticator.byPassword('AWS', token)).rejects.toMatchObject(invalid)
  })
})

describe('a user name and password', () => {
  test('are AWS and a token', async ({ auth, token }) => {
    expect(await auth.authenticator.byPassword('AWS', token)).toMatchObject({ principal: { arn: userArn } })
  })

  test.for(['', 'aws', 'admin', 'alice'])('are refused with the user name %j', async (name, { auth, token }) => {
    await expect(auth.authenticator.byPassword(name, token)).rejects.toMatchObject(invalid)
  })
})

describe('a signed request', () => {
  const body = Buffer.from('{}')
  const options = ({ time }: AuthParts) => ({ service: 'ecr-public', now: time.now })
  const neverRead = () => Promise.reject(new Error('the body was read'))

  async function signed(auth: AuthParts, key: AccessKey, change: Partial<ApiRequest> = {}): Promise<SignedRequest> {
    const asked = { key, operation: 'DescribeRepositories', body, at: auth.time.now, ...change }
    const { url, headers } = await sign('http://registry.example', asked)
    const { host, pathname, search } = new URL(url)
    return { method: 'POST', path: pathname, query: search.slice(1), headers: { host, ...headers } }
  }

  test('is its key’s user’s', async ({ auth, key }) => {
    const request = await signed(auth, key)
    const { identity, body: read } = await auth.authenticator.bySignature(request, async () => body, options(auth))
    expect(read).toBe(body)
    expect(identity).toEqual({
      principal: expect.objectContaining({ arn: userArn }),
      policies: [],
      accessKeyId: key.accessKeyId,
      hasCredential: true,
      access: undefined,
      expiresAt: undefined,
    })
  })

  test.for<[fault: string, code: string, change: Partial<ApiRequest>]>([
    ['an unknown key', 'AccessKeyUnknown', { key: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'secret' } }],
    ['a session token', 'AccessKeyUnknown', { sessionToken: 'token' }],
    ['another service', 'SignatureInvalid', { service: 'ecr' }],
    ['an old signature', 'SignatureInvalid', { at: 0 }],
  ])('with %s is refused before its body is read', async ([, code, change], { auth, key }) => {
    const request = await signed(auth, key, change)
    const answered = auth.authenticator.bySignature(request, neverRead, options(auth))
    await expect(answered).rejects.toMatchObject({ code })
  })

  test('without a signature is refused before its body is read', async ({ auth }) => {
    const request = { method: 'POST', path: '/', query: '', headers: { host: 'registry.example' } }
    const answered = auth.authenticator.bySignature(request, neverRead, options(auth))
    await expect(answered).rejects.toMatchObject({ code: 'SignatureMissing' })
  })

  test('with a disabled key is refused before its body is read', async ({ auth, key }) => {
    await auth.identities.keys.setEnabled(key.accessKeyId, false)
    const answered = auth.authenticator.bySignature(await signed(auth, key), neverRead, options(auth))
    await expect(answered).rejects.toMatchObject({ code: 'AccessKeyUnknown' })
  })

  test('with another body is refused', async ({ auth, key }) => {
    const other = async () => Buffer.from('{ }')
    const answered = auth.authenticator.bySignature(await signed(auth, key), other, options(auth))
    await expect(answered).rejects.toMatchObject({ code: 'SignatureInvalid' })
  })
})
