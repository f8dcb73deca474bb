import { describe, expect } from 'vitest'

import { type Answer, ask, jsonOf } from '../../support/answer.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { ApiRequest, SignedApiRequest } from '../../support/signed-request.ts'

const minuteMs = 60_000
/** What the registry believes the time to be, so that a signature can be any age. */
const now = Date.UTC(2027, 0, 1, 12)

const test = testWithRegistry({ clock: () => now })

const mismatch =
  'The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
const unknownKey = { accessKeyId: 'AKIAUNKNOWNUNKNOWN00', secretAccessKey: 'x'.repeat(40) }
const wrongSecret = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'x'.repeat(40) }

const withHeader = (name: string, value: string | undefined) => (request: SignedApiRequest) => {
  const { [name]: _, ...headers } = request.headers
  return { ...request, headers: value === undefined ? headers : { ...headers, [name]: value } }
}
const inAuthorization = (from: RegExp | string, to: string) => (request: SignedApiRequest) =>
  withHeader('authorization', request.headers.authorization!.replace(from, to))(request)

describe('is let in', () => {
  test.for<[string, Partial<ApiRequest>]>([
    ['a signature in the header', {}],
    ['a signature in the query, as presigned URLs have it', { isPresigned: true }],
    ['any region', { region: 'eu-central-1' }],
    ['a clock 15 minutes slow', { at: now - 15 * minuteMs }],
    ['a clock 15 minutes fast', { at: now + 15 * minuteMs }],
    ['a body of nothing', { body: '' }],
    ['a content type of another kind', { headers: { 'content-type': 'application/json' } }],
    [
      'white space in a header',
      { tamper: withHeader('x-amz-target', '  SpencerFrontendService.DescribeRepositories ') },
    ],
  ])('%s', async ([, request], { registry }) => {
    const answer = await registry.call('DescribeRepositories', {}, { at: now, ...request })
    expect(jsonOf(answer)).toEqual({ repositories: expect.any(Array) })
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1')
    expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
  })
})

describe('is turned away', () => {
  test.for<[string, Partial<ApiRequest>, string, (string | RegExp)?]>([
    [
      'an unknown access key',
      { key: unknownKey },
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    [
      'the session token of another service',
      { sessionToken: 'FwoGZXIvYXdzEXAMPLE' },
      'UnrecognizedClientException',
      'The security token included in the request is invalid.',
    ],
    ['another secret', { key: wrongSecret }, 'InvalidSignatureException', mismatch],
    [
      'a body that was changed',
      { tamper: (request) => ({ ...request, body: '{ }' }) },
      'InvalidSignatureException',
      mismatch,
    ],
    [
      'another operation than was signed',
      { tamper: withHeader('x-amz-target', 'SpencerFrontendService.CreateRepository') },
      'InvalidSignatureException',
      mismatch,
    ],
    [
      'a query that was not signed',
      { tamper: (request) => ({ ...request, url: `${request.url}?a=b` }) },
      'InvalidSignatureException',
      mismatch,
    ],
    [
      'a signature one digit off',
      { tamper: inAuthorization(/(Signature=\w{63})\w/, '$1g') },
      'InvalidSignatureException',
      mismatch,
    ],
    [
      'a signature that is none',
      { tamper: inAuthorization(/Signature=.*/, 'Signature=nonsense') },
      'InvalidSignatureException',
      mismatch,
    ],
    [
      'a clock too slow',
      { at: now - 15 * minuteMs - 1000 },
      'InvalidSignatureException',
      'Signature expired: 20270101T114459Z is now earlier than 20270101T114500Z (20270101T120000Z - 15 min.)',
    ],
    [
      'a clock too fast',
      { at: now + 15 * minuteMs + 1000 },
      'InvalidSignatureException',
      'Signature not yet current: 20270101T121501Z is still later than 20270101T121500Z (20270101T120000Z + 15 min.)',
    ],
    [
      'a signature for another service',
      { service: 'ecr' },
      'InvalidSignatureException',
      /correct service: 'ecr-public'/,
    ],
    [
      'no signature at all',
      { tamper: withHeader('authorization', undefined) },
      'MissingAuthenticationTokenException',
      'Missing Authentication Token',
    ],
    ['a bearer token', { tamper: withHeader('authorization', 'Bearer abc') }, 'MissingAuthenticationTokenException'],
    [
      'a name and a password',
      { tamper: withHeader('authorization', 'Basic QVdTOng=') },
      'MissingAuthenticationTokenException',
    ],
    [
      'a header without a credential',
      { tamper: inAuthorization(/Credential=[^,]*, /, '') },
      'IncompleteSignatureException',
      /^Authorization header requires 'Credential' parameter\. /,
    ],
    [
      'a header without a signature',
      { tamper: inAuthorization(/, Signature=.*/, '') },
      'IncompleteSignatureException',
      /^Authorization header requires 'Signature' parameter\. /,
    ],
    [
      'a request without a date',
      { tamper: withHeader('x-amz-date', undefined) },
      'IncompleteSignatureException',
      /'X-Amz-Date' or a 'Date' header/,
    ],
    [
      'a credential with too few parts',
      { tamper: inAuthorization('/ecr-public/', '/') },
      'IncompleteSignatureException',
      /5 slash-delimited elements/,
    ],
    [
      'a header that cannot be read',
      { tamper: inAuthorization(/Credential=.*/, 'gibberish') },
      'IncompleteSignatureException',
    ],
    [
      'another algorithm',
      { tamper: inAuthorization('AWS4-HMAC-SHA256', 'AWS4-HMAC-SHA1') },
      'IncompleteSignatureException',
    ],
    ['an operation that is not signed', { tamper: inAuthorization(';x-amz-target', '') }, 'InvalidSignatureException'],
    ['a host that is not signed', { tamper: inAuthorization('host;', '') }, 'InvalidSignatureException'],
    [
      'a signature both in the header and in the query',
      { tamper: (request) => ({ ...request, url: `${request.url}?X-Amz-Algorithm=AWS4-HMAC-SHA256` }) },
      'InvalidSignatureException',
      "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    ],
    [
      'a presigned request whose time is over',
      { isPresigned: true, at: now - 8 * 24 * 60 * minuteMs },
      'InvalidSignatureException',
      /^Signature expired: /,
    ],
    [
      'a presigned request with a changed body',
      { isPresigned: true, tamper: (request) => ({ ...request, body: '{ }' }) },
      'InvalidSignatureException',
      mismatch,
    ],
    [
      'a presigned request without a signature',
      {
        isPresigned: true,
        tamper: (request) => ({ ...request, url: request.url.replace(/&X-Amz-Signature=\w+/, '') }),
      },
      'IncompleteSignatureException',
    ],
  ])('%s', async ([, request, type, message], { registry }) => {
    const answer = await registry.call('DescribeRepositories', {}, { at: now, ...request })
    expectApiError(answer, type, message)
  })

  test.for([
    ['an operation that there is not', 'SpencerFrontendService.DeleteEverything'],
    ['an operation of the private service', 'AmazonEC2ContainerRegistry_V20150921.DescribeRepositories'],
    ['an operation in other capitals', 'SpencerFrontendService.describerepositories'],
    ['an operation that every object inherits', 'SpencerFrontendService.constructor'],
    ['no operation', ''],
  ])('%s', async ([, target], { registry }) => {
    const answer = await registry.call('DescribeRepositories', {}, { at: now, target: target! })
    expectApiError(answer, 'UnknownOperationException')
  })

  test('a request without anything', async ({ registry }) => {
    expectApiError(await ask('POST', `${registry.url}/`), 'UnknownOperationException')
  })
})

/** Clients look for the type in the body, or in the header: botocore and paws there, Java here. */
function expectApiError(answer: Answer, type: string, message: string | RegExp = /^/): void {
  expect(jsonOf(answer)).toEqual({
    __type: type,
    message: typeof message === 'string' ? message : expect.stringMatching(message),
  })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('content-type')).toBe('application/x-amz-json-1.1')
  expect(answer.headers.get('x-amzn-errortype')).toBe(type)
  expect(answer.headers.get('x-amzn-requestid')).toMatch(/^[0-9a-f-]{36}$/)
  // botocore would take the code from here instead.
  expect(answer.headers.has('x-amzn-query-error')).toBe(false)
}
