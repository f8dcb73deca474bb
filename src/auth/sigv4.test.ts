import { createHash, createHmac, type Hash, type Hmac, hash } from 'node:crypto'

import { SignatureV4 } from '@smithy/signature-v4'
import { AwsV4Signer } from 'aws4fetch'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { RegistryError, refuse } from '../errors.ts'
import { parseSignature, type SignedRequest, verifySignature } from './sigv4.ts'

const CREDENTIALS = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
const SCOPE = '20150830/us-east-1/ecr-public/aws4_request'
const TIMESTAMP = '20150830T123600Z'
const NOW = Date.UTC(2015, 7, 30, 12, 36)
const HOST = 'registry.example:8080'
const MISMATCH =
  'SignatureInvalid: The request signature we calculated does not match the signature you provided. ' +
  'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'

interface Sent extends SignedRequest {
  readonly body: Uint8Array | string
}

/** The whole way of a request, with a look-up that knows one key. */
function authenticate(sent: Sent, { now = NOW, service = 'ecr-public', secret = CREDENTIALS.secretAccessKey } = {}) {
  const signature = parseSignature(sent, { service, now })
  if (signature.accessKeyId !== CREDENTIALS.accessKeyId) throw refuse('AccessKeyUnknown', signature)
  verifySignature(signature, sent, secret, hash('sha256', sent.body))
  return signature
}

/** `accepted`, or the refusal's code and reason. Anything else that is thrown fails the test. */
function outcomeOf(sent: Sent, options?: Parameters<typeof authenticate>[1]): string {
  try {
    authenticate(sent, options)
    return 'accepted'
  } catch (thrown) {
    if (!(thrown instanceof RegistryError)) throw thrown
    return 'reason' in thrown.facts ? `${thrown.code}: ${thrown.facts.reason}` : thrown.code
  }
}

/** The hash that `@smithy/signature-v4` asks for. */
class Sha256 {
  readonly #hash: Hash | Hmac

  constructor(secret?: unknown) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret as string | Uint8Array)
  }

  update(data: Uint8Array): void {
    this.#hash.update(data)
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest()
  }

  reset(): void {}
}

const smithyOptions = { service: 'ecr-public', region: 'us-east-1', sha256: Sha256, credentials: CREDENTIALS }
const smithy = new SignatureV4(smithyOptions)

type Query = Record<string, string | string[]>

interface Request {
  readonly method?: string
  readonly path?: string
  readonly query?: Query
  readonly headers?: Record<string, string>
  readonly body?: Uint8Array<ArrayBuffer> | string
}

const apiCall: Request = {
  headers: { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': 'SpencerFrontendService.PutImage' },
  body: '{"repositoryName":"team/app"}',
}

type Write = (name: string, value: string) => string

const writePercent: Write = (name, value) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`
const writeForm: Write = (name, value) => new URLSearchParams([[name, value]]).toString()

function writeQuery(query: Query, write: Write): string {
  const pairs = Object.entries(query).flatMap(([name, values]) => [values].flat().map((value) => write(name, value)))
  return pairs.join('&')
}

/** Signed by the signer of the AWS SDK for JavaScript; in the query if `expiresIn` is given. */
async function signed(
  { method = 'POST', path = '/', query = {}, headers = {}, body = '' }: Request = apiCall,
  { signer = smithy, expiresIn = 0, write = writePercent } = {},
): Promise<Sent> {
  const unsigned = { method, protocol: 'http:', hostname: HOST, path, query, headers: { host: HOST, ...headers }, body }
  const options = { signingDate: new Date(NOW), expiresIn }
  const result = await (expiresIn > 0 ? signer.presign(unsigned, options) : signer.sign(unsigned, options))
  return { method, path, query: writeQuery(result.query as Query, write), headers: result.headers, body }
}

/** Signed by a client of another family. */
async function signedByAws4fetch(
  { method = 'POST', path = '/', query = {}, headers = {}, body = '' }: Request,
  { signQuery = false } = {},
): Promise<Sent> {
  const url = `http://${HOST}${path}?${writeQuery(query, writePercent)}`
  const place = { service: 'ecr-public', region: 'us-east-1', datetime: TIMESTAMP, signQuery }
  const result = await new AwsV4Signer({ ...CREDENTIALS, ...place, method, url, headers, body }).sign()
  const sentHeaders = { ...Object.fromEntries(result.headers), host: HOST }
  return { method, path: result.url.pathname, query: result.url.search.slice(1), headers: sentHeaders, body }
}

/** Signed as the documents tell, with the headers in the order given; for what no library can be made to send. */
function signedByHand(headers: Record<string, string>, body = ''): Sent {
  const lines = Object.entries({ ...headers, host: HOST }).map(([name, value]) => `${name}:${value}\n`)
  const names = lines.map((line) => line.slice(0, line.indexOf(':'))).join(';')
  const canonical = `POST\n/\n\n${lines.join('')}\n${names}\n${hash('sha256', body)}`
  const hmac = (key: Buffer, text: string) => createHmac('sha256', key).update(text).digest()
  const key = SCOPE.split('/').reduce(hmac, Buffer.from(`AWS4${CREDENTIALS.secretAccessKey}`))
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${TIMESTAMP}\n${SCOPE}\n${hash('sha256', canonical)}`).toString('hex')
  const sent = { method: 'POST', path: '/', query: '', headers: { ...headers, host: HOST }, body }
  return withAuthorization(sent, authorization(SCOPE, names, signature))
}

function authorization(scope: string, signedHeaders: string, signature: string): string {
  const credential = `${CREDENTIALS.accessKeyId}/${scope}`
  return `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${signedHeaders}, Signature=${signature}`
}

function withHeaders(sent: Sent, headers: Sent['headers']): Sent {
  return { ...sent, headers: { ...sent.headers, ...headers } }
}

function withAuthorization(sent: Sent, authorization: string | undefined): Sent {
  return withHeaders(sent, { authorization })
}

function authorizationOf(sent: Sent): string {
  return String(sent.headers.authorization)
}

describe('the examples that AWS publishes', () => {
  const timed = { host: 'example.amazonaws.com', 'x-amz-date': TIMESTAMP }
  const get = (path: string, query = '', headers = {}): Sent => {
    return { method: 'GET', path, query, headers: { ...timed, ...headers }, body: '' }
  }
  const post = (headers = {}, body = ''): Sent => ({ ...get('/', '', headers), method: 'POST', body })
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const repeated = { 'my-header1': ['value2', 'value2', 'value1'] }
  const spaced = { 'my-header1': ' value1', 'my-header2': ' "a   b   c"' }
  const plain = '-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

  test.for<[name: string, signature: string, Sent]>([
    ['get-vanilla', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', get('/')],
    ['get-slash', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', get('//')],
    ['get-slash-dot-slash', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', get('/./')],
    ['get-relative', '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31', get('/example/..')],
    ['get-slashes', '9a624bd73a37c9a373b5312afbebe7a714a789de108f0bdfe846570885f57e84', get('//example//')],
    ['get-unreserved', '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f', get(`/${plain}`)],
    ['get-utf8', '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85', get('/ሴ')],
    ['get-space', '652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741', get('/example space/')],
    ['query-utf8', '2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c9027818dd04', get('/', 'ሴ=bar')],
    [
      'query-order',
      'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
      get('/', 'Param2=value2&Param1=value1'),
    ],
    [
      'query-unreserved',
      '9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143a40197',
      get('/', `${plain}=${plain}`),
    ],
    ['header-duplicate', 'c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea', get('/', '', repeated)],
    ['header-trim', 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736', get('/', '', spaced)],
    ['post-vanilla', '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b', post()],
    ['post-form', 'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a', post(form, 'Param1=value1')],
  ])('%s', ([, signature, sent]) => {
    const names = Object.keys(sent.headers).sort().join(';')
    const header = authorization('20150830/us-east-1/service/aws4_request', names, signature)
    expect(authenticate(withAuthorization(sent, header), { service: 'service' })).toMatchObject({ signature })
  })

  test('the ListUsers request of the IAM documents', () => {
    const headers = {
      'content-type': 'application/x-www-form-urlencoded; charset=utf-8',
      host: 'iam.amazonaws.com',
      'x-amz-date': TIMESTAMP,
      authorization: authorization(
        '20150830/us-east-1/iam/aws4_request',
        'content-type;host;x-amz-date',
        '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      ),
    }
    const sent = { method: 'GET', path: '/', query: 'Action=ListUsers&Version=2010-05-08', headers, body: '' }
    expect(authenticate(sent, { service: 'iam' })).toEqual({
      form: 'header',
      accessKeyId: 'AKIDEXAMPLE',
      scope: { date: '20150830', region: 'us-east-1', service: 'iam' },
      signedHeaders: ['content-type', 'host', 'x-amz-date'],
      signature: '5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7',
      timestamp: TIMESTAMP,
      sessionToken: undefined,
    })
  })
})

describe('what signers make is accepted', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 8 })
  const segment = fc.oneof(text.map(encodeURIComponent), fc.constantFrom('', '.', '..', '~', 'a+b', "it's(1)*!", '%2f'))
  const name = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 8 }).filter((key) => key !== '__proto__')
  const value = fc.string({ unit: fc.constantFrom(...' \t\t  azAZ09,;:=/"\'~é'), maxLength: 12 })
  const header = fc.constantFrom(
    ...['accept', 'cache-control', 'content-type', 'expect', 'range', 'user-agent', 'x-custom'],
    ...['amz-sdk-request', 'x-amz-meta-a', 'x-amz-meta-b', 'x-amz-target', 'x-amz-user-agent', 'x-amzn-trace-id'],
  )
  const requests: fc.Arbitrary<Request> = fc.record({
    method: fc.constantFrom('POST', 'GET', 'PUT'),
    path: fc.array(segment, { maxLength: 5 }).map((segments) => `/${segments.join('/')}`),
    query: fc.dictionary(name, fc.oneof(text, fc.array(text, { minLength: 1, maxLength: 3 })), { maxKeys: 4 }),
    headers: fc.dictionary(header, value, { maxKeys: 5 }),
    body: fc.uint8Array({ maxLength: 40 }),
  })

  test('by the AWS SDK for JavaScript', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(writePercent, writeForm), async (request, write) => {
        expect(authenticate(await signed(request, { write })).form).toBe('header')
      }),
    )
  })

  test('by the same, presigned', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.constantFrom(writePercent, writeForm), async (request, write) => {
        expect(authenticate(await signed(request, { write, expiresIn: 60 })).form).toBe('query')
      }),
    )
  })

  test('by aws4fetch, in the header and in the query', async () => {
    await fc.assert(
      fc.asyncProperty(requests, fc.boolean(), async (request, signQuery) => {
        expect(authenticate(await signedByAws4fetch(request, { signQuery })).form).toBe(signQuery ? 'query' : 'header')
      }),
    )
  })

  test('with names in the query of which one begins the other', async () => {
    const query = { 'a-': '1', a: ['2', '0', '='], 'a%': '3', a0: '4', 'a=': '5' }
    expect(authenticate(await signed({ query })).form).toBe('header')
    expect(authenticate(await signedByAws4fetch({ query })).form).toBe('header')
  })

  test('without X-Amz-Content-Sha256, as paws and botocore sign', async () => {
    const sent = await signed(apiCall, { signer: new SignatureV4({ ...smithyOptions, applyChecksum: false }) })
    expect(sent.headers).not.toHaveProperty('x-amz-content-sha256')
    expect(authenticate(sent).signedHeaders).toEqual(['content-type', 'host', 'x-amz-date', 'x-amz-target'])
  })

  test('for any region, with a session token', async () => {
    const credentials = { ...CREDENTIALS, sessionToken: 'token/+=' }
    const signer = new SignatureV4({ ...smithyOptions, region: 'mars-north-1', credentials })
    const expected = { sessionToken: 'token/+=', scope: { region: 'mars-north-1' } }
    expect(authenticate(await signed(apiCall, { signer }))).toMatchObject(expected)
    expect(authenticate(await signed(apiCall, { signer, expiresIn: 60 }))).toMatchObject(expected)
  })

  test.for(['Sun, 30 Aug 2015 12:36:00 GMT', 'Sun, 30 Aug 2015 12:36:00 -0000', TIMESTAMP])(
    'dated %s in Date',
    (date) => {
      expect(authenticate(signedByHand({ date })).timestamp).toBe(TIMESTAMP)
    },
  )

  test('X-Amz-Date goes before Date', () => {
    const date = 'Thu, 01 Jan 1970 00:00:00 GMT'
    expect(authenticate(signedByHand({ date, 'x-amz-date': TIMESTAMP })).timestamp).toBe(TIMESTAMP)
  })

  test('with headers in an order of its own, as signers that sort by locale may list them', () => {
    const headers = { 'x-amzb': '1', 'x-amz-date': TIMESTAMP, 'x-amza': '2' }
    expect(authenticate(signedByHand(headers)).signedHeaders).toEqual(['x-amzb', 'x-amz-date', 'x-amza', 'host'])
  })

  test.for([
    ['no spaces after commas', (text: string) => text.replaceAll(', ', ',')],
    ['more spaces', (text: string) => text.replaceAll(' ', ' \t ')],
    ['another order', (text: string) => text.replace(/ (.*), (.*), (.*)/, ' $3, $1, $2')],
    ['a comma at the end', (text: string) => `${text},`],
    ['a parameter unheard of', (text: string) => `${text}, Comment=a=b`],
  ] as const)('with %s in Authorization', async ([, change]) => {
    const sent = await signed()
    expect(authenticate(withAuthorization(sent, change(authorizationOf(sent)))).accessKeyId).toBe('AKIDEXAMPLE')
  })

  test.for([
    ...['accept', 'via', 'user-agent', 'x-forwarded-for', 'amz-sdk-request', 'x-amzn-trace-id'],
    ...['x-amz-cf-id', 'x-amz-content-sha256', 'x-amz-user-agent'],
  ])('with %s added after it was signed', async (name) => {
    const sent = await signed(apiCall, { signer: new SignatureV4({ ...smithyOptions, applyChecksum: false }) })
    expect(authenticate(withHeaders(sent, { [name]: 'UNSIGNED-PAYLOAD' })).signedHeaders).not.toContain(name)
  })

  test.for([
    ['15 minutes late', 15 * 60_000, {}],
    ['15 minutes early', -15 * 60_000, {}],
    ['a week late and presigned for a week', 7 * 86_400_000, { expiresIn: 604_800 }],
    ['within its last second', 15 * 60_000 + 999, {}],
  ] as const)('%s', async ([, late, options]) => {
    expect(authenticate(await signed(apiCall, options), { now: NOW + late }).timestamp).toBe(TIMESTAMP)
  })
})

describe('what is refused, and in which words', () => {
  const base: Sent = {
    method: 'POST',
    path: '/',
    query: '',
    headers: { host: HOST, 'x-amz-date': TIMESTAMP },
    body: '',
  }
  const outcomeWith = (header: string | undefined) => outcomeOf(withAuthorization(base, header))
  const wrong = authorization(SCOPE, 'host;x-amz-date', 'a'.repeat(64))
  const hashed = (text: string) => hash('sha256', text, 'base64')

  test.for([undefined, '', 'Basic QVdTOnB3', 'Bearer AWS4-HMAC-SHA256', 'aws4-hmac-sha256 Credential=a'])(
    'Authorization: %s is no signature',
    (header) => {
      expect(outcomeWith(header)).toBe('SignatureMissing')
    },
  )

  test.for<[header: string, lacking: string[]]>([
    ['AWS4-HMAC-SHA256', ['Credential', 'Signature', 'SignedHeaders']],
    ['AWS4-HMAC-SHA256 Signature=a, SignedHeaders=host', ['Credential']],
    ['AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host', ['Signature']],
    ['AWS4-HMAC-SHA256 Credential=a, Signature=, SignedHeaders=host', ['Signature']],
    ['AWS4-HMAC-SHA256 Credential=a, Signature=a, signedheaders=host', ['SignedHeaders']],
  ])('%s lacks %j', ([header, lacking]) => {
    const sentences = lacking.map((name) => `Authorization header requires '${name}' parameter. `).join('')
    expect(outcomeWith(header)).toBe(
      `SignatureIncomplete: ${sentences}(Hashed with SHA-256 and encoded with Base64) Authorization=${hashed(header)}`,
    )
  })

  test.for([{}, { 'x-amz-date': '', date: ' ' }, { date: [] }])('headers %j hold no date', (headers) => {
    expect(outcomeOf({ ...base, headers: { host: HOST, authorization: wrong, ...headers } })).toBe(
      "SignatureIncomplete: Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. " +
        `(Hashed with SHA-256 and encoded with Base64) Authorization=${hashed(wrong)}`,
    )
  })

  test('a parameter without a value, and a header without end', () => {
    expect(outcomeWith(`${wrong}, X`)).toBe(
      'SignatureIncomplete: Invalid key=value pair (missing equal-sign) in Authorization header ' +
        `(hashed with SHA-256 and encoded with Base64): '${hashed(`${wrong}, X`)}'.`,
    )
    expect(outcomeWith(`${wrong}, X=${'x'.repeat(4096)}`)).toBe(
      'SignatureIncomplete: The Authorization header is longer than 4096 characters.',
    )
  })

  test('another algorithm', () => {
    expect(outcomeWith(wrong.replace('HMAC-SHA256', 'ECDSA-P256-SHA256'))).toBe(
      "SignatureIncomplete: Unsupported AWS 'algorithm': 'AWS4-ECDSA-P256-SHA256' (only AWS4-HMAC-SHA256 for now).",
    )
  })

  test.for([
    ...['yesterday', '2015-08-30T12:36:00Z', '20150830T123600', '20151330T123600Z', '20150830T256000Z', '1440938160'],
    ...['Sun, 30 Aug 2015 12:36:00 +0200', 'Sunday, 30-Aug-15 12:36:00 GMT', 'Sun Aug 30 12:36:00 2015'],
    ...['Sun, 30 Foo 2015 12:36:00 GMT', `${TIMESTAMP},${TIMESTAMP}`, '9'.repeat(10_000)],
  ])('%s is no date', (date) => {
    expect(outcomeOf(withHeaders(base, { authorization: wrong, 'x-amz-date': date }))).toBe(
      `SignatureIncomplete: Date must be in ISO-8601 'basic format'. Got '${date.slice(0, 256)}'. ` +
        'See http://en.wikipedia.org/wiki/ISO_8601',
    )
  })

  test.for<[title: string, now: number, expiresIn: number, reason: string]>([
    ['expired', Date.UTC(2017, 0, 11, 23, 9, 49, 7), 0, '20170111T225449Z (20170111T230949Z - 15 min.)'],
    ['expired by a second', NOW + 901_000, 0, '20150830T123601Z (20150830T125101Z - 15 min.)'],
    ['presigned, expired', NOW + 91_000, 90, '20150830T123601Z (20150830T123731Z - 90 sec.)'],
    ['presigned for an hour, expired', NOW + 3_601_000, 3600, '20150830T123601Z (20150830T133601Z - 60 min.)'],
  ])('%s', async ([, now, expiresIn, reason]) => {
    expect(outcomeOf(await signed(apiCall, { expiresIn }), { now })).toBe(
      `SignatureInvalid: Signature expired: ${TIMESTAMP} is now earlier than ${reason}`,
    )
  })

  test.for([0, 3600])('not yet current, presigned for %i seconds', async (expiresIn) => {
    expect(outcomeOf(await signed(apiCall, { expiresIn }), { now: NOW - 901_000 })).toBe(
      `SignatureInvalid: Signature not yet current: ${TIMESTAMP} is still later than ` +
        '20150830T123559Z (20150830T122059Z + 15 min.)',
    )
  })

  test.for([
    ...['AKIDEXAMPLE', 'AKIDEXAMPLE/20150830/ecr-public/aws4_request', 'AKIDEXAMPLE/20150830//ecr-public/aws4_request'],
    ...[`AKIDEXAMPLE/${SCOPE}/`, `a/AKIDEXAMPLE/${SCOPE}`, `/${SCOPE}`, '////'],
  ])('the credential %s', (credential) => {
    expect(outcomeWith(wrong.replace(`AKIDEXAMPLE/${SCOPE}`, credential))).toBe(
      'SignatureIncomplete: Credential must have exactly 5 slash-delimited elements, ' +
        `e.g. keyid/date/region/service/term, got '${credential}'`,
    )
  })

  const service = "Credential should be scoped to correct service: 'ecr-public'. "
  const terminator = (got: string) =>
    `Credential should be scoped with a valid terminator: 'aws4_request', not '${got}'. `
  const day = (got: string) =>
    'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: ' +
    `'${got}' != '20150830', from '20150830T123600Z'. `

  test.for([
    ['20150830/us-east-1/ecr/aws4_request', service],
    ['20150830/us-east-1/ECR-PUBLIC/aws4_request', service],
    ['20150830/us-east-1/ecr-public/aws5_request', terminator('aws5_request')],
    ['20150831/us-east-1/ecr-public/aws4_request', day('20150831')],
    ['a/b/c/d', service + terminator('d') + day('a')],
  ] as const)('the scope %s', ([scope, reason]) => {
    expect(outcomeWith(wrong.replace(SCOPE, scope))).toBe(`SignatureInvalid: ${reason}`)
  })

  const absent = (name: string) =>
    `'${name}' is a 'SignedHeader' in the AWS Authorization, but no header of the request.`

  test.for([
    ['x-amz-date', "SignatureInvalid: 'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization."],
    ['host', "SignatureInvalid: 'x-amz-date' must be a 'SignedHeader' in the AWS Authorization."],
    ['host;x-amz-date;host', 'SignatureIncomplete: SignedHeaders has the same header more than once.'],
    ['host;range;x-amz-date', `SignatureInvalid: ${absent('range')}`],
    ['constructor;host;x-amz-date', `SignatureInvalid: ${absent('constructor')}`],
    ['Host;host;x-amz-date', `SignatureInvalid: ${absent('Host')}`],
    ['host;x-amz-date;', `SignatureInvalid: ${absent('')}`],
  ] as const)('the signed headers %s', ([names, refusal]) => {
    expect(outcomeWith(authorization(SCOPE, names, 'a'.repeat(64)))).toBe(refusal)
  })

  test.for(['x-amz-target', 'x-amz-security-token', 'x-amz-acl'])('%s added after it was signed', async (name) => {
    expect(outcomeOf(withHeaders(await signed({}), { [name]: '1' }))).toBe(
      `SignatureInvalid: '${name}' must be a 'SignedHeader' in the AWS Authorization.`,
    )
  })

  test('a signature in the header and one in the query', async () => {
    const { query } = await signed(apiCall, { expiresIn: 60 })
    expect(outcomeOf({ ...(await signed()), query })).toBe(
      "SignatureInvalid: Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.",
    )
  })

  test.for(['Algorithm', 'Credential', 'Signature', 'SignedHeaders', 'Date'])(
    'X-Amz-%s= in the query',
    async (name) => {
      const { query, ...sent } = await signed({}, { expiresIn: 60 })
      expect(outcomeOf({ ...sent, query: query.replace(`X-Amz-${name}=`, '$&&a=') })).toBe(
        `SignatureIncomplete: AWS query-string parameters must include 'X-Amz-${name}'. ` +
          'Re-examine the query-string parameters.',
      )
    },
  )

  test.for([
    ['=60', '=604801', 'SignatureIncomplete: X-Amz-Expires must be a number of seconds, at most 604800.'],
    ['=60', '=6e1', 'SignatureIncomplete: X-Amz-Expires must be a number of seconds, at most 604800.'],
    ['=60', '=61', MISMATCH],
    ['&X-Amz-Expires=60', '', MISMATCH],
    ['&X-Amz-Signature=', '&X-Amz-Signature=a&X-Amz-Signature=', MISMATCH],
    [/^/, 'a=b&', MISMATCH],
    [/$/, '&X-Amz-Security-Token=a', MISMATCH],
    [/^/, `${'&'.repeat(8192)}`, 'SignatureIncomplete: The query string is longer than 8192 characters.'],
  ] as const)('a presigned query with %s made %s', async ([from, to, refusal]) => {
    const { query, ...sent } = await signed({}, { expiresIn: 60 })
    expect(outcomeOf({ ...sent, query: query.replace(from, to) })).toBe(refusal)
  })

  test('a signature that is wrong, or is none', () => {
    for (const signature of ['a'.repeat(64), 'A'.repeat(64), 'a'.repeat(63), 'a'.repeat(65), 'g'.repeat(64), 'a']) {
      expect(outcomeWith(authorization(SCOPE, 'host;x-amz-date', signature))).toBe(MISMATCH)
    }
  })

  test.for([
    { query: 'a=b' },
    { query: 'X-Amz-Signature=a' },
    { query: '\udfff' },
    { path: '/\ud800' },
    { method: 'GET' },
  ])('%j where it was not signed', async (change) => {
    expect(outcomeOf({ ...(await signed()), ...change })).toBe(MISMATCH)
  })

  test.for([
    ['a body that is not the signed one', apiCall, '{"repositoryName":"team/other"}'],
    ['UNSIGNED-PAYLOAD', { headers: { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } }, '{}'],
  ] as const)('%s, whatever X-Amz-Content-Sha256 says', async ([, request, body]) => {
    const sent = { ...(await signed(request)), body }
    expect(sent.headers['x-amz-content-sha256']).toBeDefined()
    expect(outcomeOf(sent)).toBe(MISMATCH)
  })

  test('another secret, also while the signing key of the right one is kept', async () => {
    const sent = await signed()
    const outcomes = ['other', CREDENTIALS.secretAccessKey, 'other', ''].map((secret) => outcomeOf(sent, { secret }))
    expect(outcomes).toEqual([MISMATCH, 'accepted', MISMATCH, MISMATCH])
  })
})

function flips(text: string): string[] {
  return Array.from({ length: text.length * 8 }, (_, bit) => {
    const at = bit >> 3
    return text.slice(0, at) + String.fromCharCode(text.charCodeAt(at) ^ (1 << (bit & 7))) + text.slice(at + 1)
  })
}

describe('a flipped bit is refused', () => {
  const request: Request = { ...apiCall, path: '/a/b', query: { 'a b': ['1', '0'], ab: '' } }
  const survivors = (text: string, damage: (text: string) => Sent) =>
    flips(text).filter((flipped) => outcomeOf(damage(flipped)) === 'accepted')

  test('in Authorization', async () => {
    const sent = await signed(request)
    expect(survivors(authorizationOf(sent), (text) => withAuthorization(sent, text))).toEqual([])
  })

  test.for(['method', 'path', 'query', 'body'] as const)('in the %s', async (part) => {
    const sent = await signed(request)
    expect(sent.query).toBe('a%20b=1&a%20b=0&ab=')
    expect(survivors(String(sent[part]), (text) => ({ ...sent, [part]: text }))).toEqual([])
  })

  test('in name and value of every signed header', async () => {
    const sent = await signed(request)
    for (const name of authenticate(sent).signedHeaders) {
      const { [name]: value, ...others } = sent.headers
      expect(survivors(String(value), (text) => withHeaders(sent, { [name]: text }))).toEqual([])
      expect(survivors(name, (text) => ({ ...sent, headers: { ...others, [text]: value } }))).toEqual([])
    }
  })

  test('in a presigned query, unless it is the case of a hex digit', async () => {
    const sent = await signed(request, { expiresIn: 60 })
    const accepted = survivors(sent.query, (query) => ({ ...sent, query }))
    const canonical = accepted.map((query) => query.replaceAll(/%../g, (hex) => hex.toUpperCase()))
    expect(new Set(canonical)).toEqual(new Set([sent.query]))
  })
})

describe('whatever is sent', () => {
  const wrong = authorization(SCOPE, 'host;x-amz-date', 'a'.repeat(64))

  test('nothing but a refusal comes of soup', () => {
    const words =
      'AWS4-HMAC-SHA256|Credential=|Signature=|SignedHeaders=|host|x-amz-date|__proto__|constructor|a|%|%FF|%41'
    const names = 'X-Amz-Algorithm=|X-Amz-Credential=|X-Amz-Signature=|X-Amz-SignedHeaders=|X-Amz-Date=|X-Amz-Expires='
    const token = fc.constantFrom(...`${words}|${names}`.split('|'), ...' ,=;/&+\t\0\ud800', TIMESTAMP, SCOPE, wrong)
    const tokens = fc.array(token, { maxLength: 20 }).map((parts) => parts.join(''))
    const soup = fc.oneof(tokens, fc.string({ unit: 'binary' }))
    const name = fc.oneof(fc.constantFrom('host', 'x-amz-date', 'date', '__proto__', 'x-amz-target'), fc.string())
    const headers = fc.dictionary(name, fc.oneof(soup, fc.array(soup, { maxLength: 2 }), fc.constant(undefined)))
    const start = fc.constantFrom('', 'AWS4-', 'AWS4-HMAC-SHA256 ', wrong)
    const sent = fc
      .record({
        method: soup,
        path: soup,
        query: fc.oneof(soup, fc.constant('')),
        headers,
        body: soup,
        start,
        end: soup,
      })
      .map(({ start, end, headers, ...rest }) => {
        const timed = { host: HOST, 'x-amz-date': TIMESTAMP, ...headers }
        return withAuthorization({ ...rest, headers: timed }, start + end)
      })
    const refusal = /^(?:SignatureMissing|SignatureIncomplete|SignatureInvalid|AccessKeyUnknown)\b/
    fc.assert(
      fc.property(sent, (request) => {
        expect(outcomeOf(request)).toMatch(refusal)
      }),
      { numRuns: 200 },
    )
  })

  test.for([' ', '\t', ',', ';', '=', '/', '%', '&', '+', 'a=', 'a,', ' ,', ';a', '%41', 'a/../'])(
    'very many %j take no longer than their length',
    (unit) => {
      const long = unit.repeat(100_000)
      const sent = signedByHand({ 'x-amz-date': TIMESTAMP })
      const requests = [
        withAuthorization(sent, authorizationOf(sent) + long),
        withAuthorization(sent, authorizationOf(sent).replace('host', `host${long}`)),
        withHeaders(sent, { host: `a${long}a` }),
        withHeaders(sent, { 'x-amz-date': long }),
        { ...sent, query: long },
        { ...sent, path: `/a${long}` },
      ]
      for (const request of requests) expect(outcomeOf(request)).toMatch(/^(?:accepted$|Signature)/)
    },
  )
})
