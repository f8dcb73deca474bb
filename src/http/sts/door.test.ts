import { AwsV4Signer } from 'aws4fetch'
import { describe, expect } from 'vitest'

import { type Answer, ask } from '../../../test/support/answer.ts'
import { testWithRegistry } from '../../../test/support/registry-test.ts'
import type { TestRegistry } from '../../../test/support/test-registry.ts'
import type { AccessKey } from '../../auth/access-keys.ts'

const test = testWithRegistry()

const form = 'application/x-www-form-urlencoded; charset=utf-8'
const getCallerIdentity = 'Action=GetCallerIdentity&Version=2011-06-15'

interface Asked {
  readonly key: AccessKey
  readonly body: string
  readonly service: string
  readonly datetime: string
  readonly sessionToken: string
  /** Of the request that is sent, whatever was signed. */
  readonly sentBody: string
}

/** As the AWS CLI asks, but for what a test changes. */
async function askSts({ url, adminKey }: TestRegistry, change: Partial<Asked> = {}): Promise<Answer> {
  const { key = adminKey, body = getCallerIdentity, sentBody = body, ...rest } = change
  const headers = { 'content-type': form }
  const signer = new AwsV4Signer({
    url: `${url}/`,
    headers,
    body,
    ...key,
    service: 'sts',
    region: 'eu-west-3',
    ...rest,
  })
  const signed = await signer.sign()
  return ask('POST', signed.url.href, { headers: Object.fromEntries(signed.headers), body: sentBody })
}

/** The document without what is another each time, and without its layout. */
function xmlOf({ headers, bytes }: Answer): string {
  const requestId = headers.get('x-amzn-requestid') ?? ''
  expect(requestId).toMatch(/^[0-9a-f-]{36}$/)
  expect(headers.get('content-type')).toBe('text/xml')
  const text = bytes.toString()
  expect(text).toContain(`<RequestId>${requestId}</RequestId>`)
  return text.replace(requestId, 'id').replaceAll(/>\s+</g, '><').trim()
}

function identityXml(facts: { arn: string; userId: string; account: string }): string {
  const result = `<Arn>${facts.arn}</Arn><UserId>${facts.userId}</UserId><Account>${facts.account}</Account>`
  return `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>${result}</GetCallerIdentityResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></GetCallerIdentityResponse>`
}

function errorXml(code: string, message: string): string {
  return `<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error><RequestId>id</RequestId></ErrorResponse>`
}

describe('GetCallerIdentity', () => {
  test('tells root that it is root', async ({ registry }) => {
    const answer = await askSts(registry)
    expect(answer.status).toBe(200)
    const { accountId } = registry
    expect(xmlOf(answer)).toBe(
      identityXml({ arn: `arn:aws:iam::${accountId}:root`, userId: accountId, account: accountId }),
    )
  })

  test('tells a user who it is, whatever its policies deny', async ({ registry }) => {
    const { accountId, app } = registry
    await app.identities.users.create(accountId, 'Bob+ci=1')
    const deny = '{"Statement":{"Effect":"Deny","Action":"*","Resource":"*"}}'
    await app.identities.policies.put(accountId, 'Bob+ci=1', 'no', deny)
    const answer = await askSts(registry, { key: await app.identities.keys.create(accountId, 'Bob+ci=1') })
    expect(answer.status).toBe(200)
    const userId = /AIDA[A-Z2-7]{17}/.exec(answer.bytes.toString())![0]
    expect(xmlOf(answer)).toBe(
      identityXml({ arn: `arn:aws:iam::${accountId}:user/Bob+ci=1`, userId, account: accountId }),
    )
  })

  test('does not mind in which order its form has its fields, or more of them', async ({ registry }) => {
    const answer = await askSts(registry, { body: 'Version=2011-06-15&X=1&Action=GetCallerIdentity' })
    expect(answer.status).toBe(200)
  })
})

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
const wrongService = "Credential should be scoped to correct service: 'sts'. "
const invalidToken = 'The security token included in the request is invalid.'

describe('refused, in the words of STS:', () => {
  test.for<[what: string, change: Partial<Asked>, status: number, code: string, message: string]>([
    [
      'another secret',
      { key: { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x' } },
      403,
      'SignatureDoesNotMatch',
      mismatch,
    ],
    ['another body', { sentBody: `${getCallerIdentity}&X=1` }, 403, 'SignatureDoesNotMatch', mismatch],
    ['another service', { service: 'ecr-public' }, 403, 'SignatureDoesNotMatch', wrongService],
    [
      'an unknown key',
      { key: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } },
      403,
      'InvalidClientTokenId',
      invalidToken,
    ],
    ['a session token', { sessionToken: 'x' }, 403, 'InvalidClientTokenId', invalidToken],
    [
      'another operation',
      { body: 'Action=AssumeRole&Version=2011-06-15' },
      400,
      'InvalidAction',
      'Could not find operation AssumeRole for version 2011-06-15',
    ],
    [
      'another version',
      { body: 'Action=GetCallerIdentity&Version=2010' },
      400,
      'InvalidAction',
      'Could not find operation GetCallerIdentity for version 2010',
    ],
    [
      'no version',
      { body: 'Action=GetCallerIdentity' },
      400,
      'InvalidAction',
      'Could not find operation GetCallerIdentity for version NO_VERSION_SPECIFIED',
    ],
    [
      'an operation that would break out',
      { body: 'Action=%3CA%3E%26%00%0B&Version=2' },
      400,
      'InvalidAction',
      'Could not find operation &lt;A&gt;&amp;\uFFFD\uFFFD for version 2',
    ],
  ])('%s', async ([, change, status, code, message], { registry }) => {
    const answer = await askSts(registry, change)
    expect(answer.status).toBe(status)
    expect(xmlOf(answer)).toBe(errorXml(code, message))
  })

  test('an old signature', async ({ registry }) => {
    const answer = await askSts(registry, { datetime: '20150830T123600Z' })
    expect(answer.status).toBe(403)
    expect(xmlOf(answer)).toContain(
      '<Code>SignatureDoesNotMatch</Code><Message>Signature expired: 20150830T123600Z is now',
    )
  })

  test('no signature', async ({ registry }) => {
    const answer = await ask('POST', registry.url, { headers: { 'content-type': form }, body: getCallerIdentity })
    expect(answer.status).toBe(403)
    expect(xmlOf(answer)).toBe(errorXml('MissingAuthenticationToken', 'Request is missing Authentication Token'))
  })

  test('a signature that lacks a part', async ({ registry }) => {
    const headers = { 'content-type': form, authorization: 'AWS4-HMAC-SHA256 Credential=x' }
    const answer = await ask('POST', registry.url, { headers, body: getCallerIdentity })
    expect(answer.status).toBe(400)
    expect(xmlOf(answer)).toContain('<Code>IncompleteSignature</Code>')
  })

  test('a body that is too long', async ({ registry }) => {
    const answer = await askSts(registry, { body: `${getCallerIdentity}&X=${'x'.repeat(64 * 1024)}` })
    expect(answer.status).toBe(413)
    expect(xmlOf(answer)).toBe(errorXml('RequestEntityTooLarge', 'The request is larger than 65536 bytes'))
  })
})

test('what is no form goes to the API, and what is none of its paths is not STS’s', async ({ registry }) => {
  const api = await ask('POST', registry.url, { headers: { 'content-type': 'application/x-amz-json-1.1' }, body: '{}' })
  expect(api.headers.get('x-amzn-errortype')).toBe('UnknownOperationException')
  const token = await ask('POST', `${registry.url}/token/`, {
    headers: { 'content-type': form },
    body: `grant_type=password&username=AWS&password=${(await registry.login()).password}`,
  })
  expect(token.status).toBe(200)
})
