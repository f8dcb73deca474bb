import { createHash, createHmac, createSecretKey, type KeyObject, timingSafeEqual } from 'node:crypto'

import { LRUCache } from 'lru-cache'

import { refuse } from '../errors.ts'
import { invariant } from '../lib/invariant.ts'

/** A request as it came over the wire. */
export interface SignedRequest {
  readonly method: string
  /** As received: not decoded, without the query. */
  readonly path: string
  /** As received: not decoded, without its question mark. */
  readonly query: string
  /**
   * By lower-case name. Node's `headersDistinct` is exact; its `headers` has already joined repeated ones, by a comma
   * and a space where signers put a comma.
   */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** What a request says of its signature. Nothing of it is proven until `verifySignature` has returned. */
export interface Signature {
  /** Where it was: in the `Authorization` header, or in the query, as a presigned URL has it. */
  readonly form: 'header' | 'query'
  readonly accessKeyId: string
  readonly scope: { readonly date: string; readonly region: string; readonly service: string }
  /** Lower-case names in the signer's order, each of them a header of the request. */
  readonly signedHeaders: readonly string[]
  /** 64 lower-case hex digits. */
  readonly signature: string
  /** `20150830T123600Z` */
  readonly timestamp: string
  readonly sessionToken: string | undefined
}

const ALGORITHM = 'AWS4-HMAC-SHA256'
const TERMINATOR = 'aws4_request'

const AUTHORIZATION_CHARS_MAX = 4096
const QUERY_CHARS_MAX = 8192
/** Of what a client sent, in a message. */
const QUOTED_CHARS_MAX = 256
const SKEW_MS_MAX = 15 * 60_000
const EXPIRES_SECONDS_MAX = 7 * 24 * 60 * 60
const SIGNING_KEYS_MAX = 1000

/**
 * First step: all that can be said of an AWS Signature Version 4 without the secret. Any region is accepted. `now` is
 * in milliseconds. Messages, and the order of the checks, follow those of AWS's own JSON services.
 *
 * Refuses `SignatureMissing`, `SignatureIncomplete` and `SignatureInvalid`.
 */
export function parseSignature(
  request: SignedRequest,
  options: { readonly service: string; readonly now: number },
): Signature {
  const claims = findClaims(request)
  const timestamp = checkDate(claims, options.now)
  const signedHeaders = checkSignedHeaders(claims, request)
  if (claims.algorithm !== ALGORITHM) {
    throw incomplete(`Unsupported AWS 'algorithm': ${quoted(claims.algorithm)} (only ${ALGORITHM} for now).`)
  }
  const { accessKeyId, scope } = checkCredential(claims.credential, timestamp, options.service)
  if (!SHA256_HEX.test(claims.signature)) throw mismatch()
  const { form, signature, sessionToken } = claims
  return { form, accessKeyId, scope, signedHeaders, signature, timestamp, sessionToken }
}

/**
 * Second step: that the holder of the secret signed this very request. `payloadSha256` is the hash, in hex, of the body
 * that arrived. What `X-Amz-Content-Sha256` says of the body is never asked: a body that changed on its way does not
 * match, and neither does `UNSIGNED-PAYLOAD`.
 *
 * Refuses `SignatureInvalid`.
 */
export function verifySignature(
  signature: Signature,
  request: SignedRequest,
  secretAccessKey: string,
  payloadSha256: string,
): void {
  invariant(SHA256_HEX.test(payloadSha256), 'a payload hash is 64 lower-case hex digits')
  const { date, region, service } = signature.scope
  const scope = `${date}/${region}/${service}/${TERMINATOR}`
  const canonical = sha256(canonicalRequest(signature, request, payloadSha256), 'hex')
  const stringToSign = `${ALGORITHM}\n${signature.timestamp}\n${scope}\n${canonical}`

  // A hash, so that no secret is kept. No part of a scope holds a slash, so two inputs are never spelled the same.
  const keyName = sha256(`${scope}\n${secretAccessKey}`, 'base64')
  const key = signingKeys.get(keyName) ?? deriveSigningKey(secretAccessKey, date, region, service)
  if (!timingSafeEqual(hmac(key, stringToSign), Buffer.from(signature.signature, 'hex'))) throw mismatch()
  // Only what has proven itself is kept: without a secret nobody can fill the cache with scopes of their own making.
  signingKeys.set(keyName, key)
}

const SHA256_HEX = /^[0-9a-f]{64}$/

// Key objects, because handing a buffer to `createHmac` takes five times as long.
const signingKeys = new LRUCache<string, KeyObject>({ max: SIGNING_KEYS_MAX })

function deriveSigningKey(secretAccessKey: string, date: string, region: string, service: string): KeyObject {
  const initial = createSecretKey(`AWS4${secretAccessKey}`, 'utf8')
  return [date, region, service, TERMINATOR].reduce((key, part) => createSecretKey(hmac(key, part)), initial)
}

function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string, encoding: 'hex' | 'base64'): string {
  return createHash('sha256').update(text).digest(encoding)
}

/** A signature as it was sent; checked for presence only. */
interface Claims {
  readonly form: 'header' | 'query'
  readonly algorithm: string
  readonly credential: string
  readonly signature: string
  readonly signedHeaders: string
  readonly date: string
  /** How long the signature is good for, counted from `date`. */
  readonly validMs: number
  readonly sessionToken: string | undefined
}

function findClaims(request: SignedRequest): Claims {
  if (request.query.length > QUERY_CHARS_MAX) {
    throw incomplete(`The query string is longer than ${QUERY_CHARS_MAX} characters.`)
  }
  const authorization = headerOf(request, 'authorization')
  const parameters = new URLSearchParams(request.query)
  if (!parameters.has('X-Amz-Algorithm')) return claimsOfHeader(authorization, request)
  if (authorization === undefined) return claimsOfQuery(parameters)
  throw invalid("Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header.")
}

/** `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`; any other `Authorization` is no signature. */
function claimsOfHeader(authorization: string | undefined, request: SignedRequest): Claims {
  if (!authorization?.startsWith('AWS4-')) throw refuse('SignatureMissing', {})
  if (authorization.length > AUTHORIZATION_CHARS_MAX) {
    throw incomplete(`The Authorization header is longer than ${AUTHORIZATION_CHARS_MAX} characters.`)
  }
  const [algorithm, list] = cut(authorization, ' ')
  // What could not be read may hold something secret, so AWS names it by its hash, and so do we.
  const hash = () => sha256(authorization, 'base64')
  const pairs = list.split(/ ?, ?/)
  if (!pairs.every((pair) => pair === '' || pair.includes('='))) {
    const fault = 'Invalid key=value pair (missing equal-sign) in Authorization header'
    throw incomplete(`${fault} (hashed with SHA-256 and encoded with Base64): '${hash()}'.`)
  }
  const parameters = new Map(pairs.map((pair) => cut(pair, '=')))
  const credential = parameters.get('Credential') ?? ''
  const signature = parameters.get('Signature') ?? ''
  const signedHeaders = parameters.get('SignedHeaders') ?? ''
  const date = headerOf(request, 'x-amz-date') || headerOf(request, 'date') || ''

  let lacking = ''
  if (!credential) lacking += "Authorization header requires 'Credential' parameter. "
  if (!signature) lacking += "Authorization header requires 'Signature' parameter. "
  if (!signedHeaders) lacking += "Authorization header requires 'SignedHeaders' parameter. "
  if (!date) lacking += "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "
  if (lacking) throw incomplete(`${lacking}(Hashed with SHA-256 and encoded with Base64) Authorization=${hash()}`)

  const sessionToken = headerOf(request, 'x-amz-security-token')
  return { form: 'header', algorithm, credential, signature, signedHeaders, date, validMs: SKEW_MS_MAX, sessionToken }
}

function claimsOfQuery(parameters: URLSearchParams): Claims {
  const algorithm = parameters.get('X-Amz-Algorithm') ?? ''
  const credential = parameters.get('X-Amz-Credential') ?? ''
  const signature = parameters.get('X-Amz-Signature') ?? ''
  const signedHeaders = parameters.get('X-Amz-SignedHeaders') ?? ''
  const date = parameters.get('X-Amz-Date') ?? ''

  let lacking = ''
  if (!algorithm) lacking += "AWS query-string parameters must include 'X-Amz-Algorithm'. "
  if (!credential) lacking += "AWS query-string parameters must include 'X-Amz-Credential'. "
  if (!signature) lacking += "AWS query-string parameters must include 'X-Amz-Signature'. "
  if (!signedHeaders) lacking += "AWS query-string parameters must include 'X-Amz-SignedHeaders'. "
  if (!date) lacking += "AWS query-string parameters must include 'X-Amz-Date'. "
  if (lacking) throw incomplete(`${lacking}Re-examine the query-string parameters.`)

  // Without an expiry a presigned request is good for as long as any other.
  const expires = parameters.get('X-Amz-Expires') ?? `${SKEW_MS_MAX / 1000}`
  if (!/^\d{1,6}$/.test(expires) || Number(expires) > EXPIRES_SECONDS_MAX) {
    throw incomplete(`X-Amz-Expires must be a number of seconds, at most ${EXPIRES_SECONDS_MAX}.`)
  }
  const validMs = Number(expires) * 1000
  const sessionToken = parameters.get('X-Amz-Security-Token') ?? undefined
  return { form: 'query', algorithm, credential, signature, signedHeaders, date, validMs, sessionToken }
}

/** The timestamp as it was signed, in whichever form the date was sent. */
function checkDate({ date, validMs }: Claims, now: number): string {
  const signedAt = parseDate(date)
  if (Number.isNaN(signedAt)) {
    const isoDate = 'See http://en.wikipedia.org/wiki/ISO_8601'
    throw incomplete(`Date must be in ISO-8601 'basic format'. Got ${quoted(date)}. ${isoDate}`)
  }
  const timestamp = formatTimestamp(signedAt)
  // Whole seconds on both sides, or a message could call a time earlier than itself.
  const second = Math.floor(now / 1000) * 1000
  if (signedAt < second - validMs) {
    const earliest = formatTimestamp(second - validMs)
    const sum = `${formatTimestamp(second)} - ${formatDuration(validMs)}`
    throw invalid(`Signature expired: ${timestamp} is now earlier than ${earliest} (${sum}.)`)
  }
  if (signedAt > second + SKEW_MS_MAX) {
    const latest = formatTimestamp(second + SKEW_MS_MAX)
    const sum = `${formatTimestamp(second)} + ${formatDuration(SKEW_MS_MAX)}`
    throw invalid(`Signature not yet current: ${timestamp} is still later than ${latest} (${sum}.)`)
  }
  return timestamp
}

const ISO_BASIC = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/
/** As in RFC 1123; Python writes the zone as `-0000`. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d\d? [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d (?:GMT|[+-]0000)$/

/** Milliseconds, or NaN. */
function parseDate(text: string): number {
  const isKnown = ISO_BASIC.test(text) || HTTP_DATE.test(text)
  return isKnown ? Date.parse(text.replace(ISO_BASIC, '$1-$2-$3T$4:$5:$6Z')) : Number.NaN
}

function formatTimestamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}

function formatDuration(ms: number): string {
  return ms % 60_000 === 0 ? `${ms / 60_000} min` : `${ms / 1000} sec`
}

/**
 * Headers of AWS that may go unsigned, because nothing here reads them and real requests have them so: `awscurl` and
 * `opensearch-py` send the content hash unsigned, early SDKs for Rust the user agent, and CloudFront adds its own id.
 *
 * All other `x-amz-*` headers have to be signed, as AWS's documents demand; above all `X-Amz-Target`, which names the
 * operation. botocore, the SDKs for JavaScript, Go and Java, aws4fetch and paws sign every one they know of when they
 * sign. Other headers are the signer's choice: aws4fetch leaves out `Content-Type`, and nobody signs what proxies may
 * change, such as `User-Agent` and `X-Amzn-Trace-Id` (not an `x-amz-*` header).
 */
const UNSIGNED_ALLOWED = new Set(['x-amz-cf-id', 'x-amz-content-sha256', 'x-amz-user-agent'])

function checkSignedHeaders(claims: Claims, request: SignedRequest): readonly string[] {
  const names = claims.signedHeaders.split(';')
  const signed = new Set(names)
  if (!signed.has('host')) throw invalid("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
  // Each header enters the canonical request once, so a short list cannot make a long one.
  if (signed.size < names.length) throw incomplete('SignedHeaders has the same header more than once.')
  for (const name of names) {
    if (headerOf(request, name) === undefined) {
      throw invalid(`${quoted(name)} is a 'SignedHeader' in the AWS Authorization, but no header of the request.`)
    }
  }
  for (const name of Object.keys(request.headers)) {
    if (name.startsWith('x-amz-') && !signed.has(name) && !UNSIGNED_ALLOWED.has(name)) {
      throw invalid(`${quoted(name)} must be a 'SignedHeader' in the AWS Authorization.`)
    }
  }
  return names
}

function checkCredential(
  credential: string,
  timestamp: string,
  expectedService: string,
): Pick<Signature, 'accessKeyId' | 'scope'> {
  const elements = credential.split('/')
  const [accessKeyId = '', date = '', region = '', service = '', terminator = ''] = elements
  if (elements.length !== 5 || elements.includes('')) {
    const example = 'keyid/date/region/service/term'
    throw incomplete(
      `Credential must have exactly 5 slash-delimited elements, e.g. ${example}, got ${quoted(credential)}`,
    )
  }
  const day = timestamp.slice(0, 8)
  let faults = ''
  if (service !== expectedService) faults += `Credential should be scoped to correct service: '${expectedService}'. `
  if (terminator !== TERMINATOR) {
    faults += `Credential should be scoped with a valid terminator: '${TERMINATOR}', not ${quoted(terminator)}. `
  }
  if (date !== day) {
    const origin = 'Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP'
    faults += `${origin}: ${quoted(date)} != '${day}', from '${timestamp}'. `
  }
  if (faults !== '') throw invalid(faults)
  return { accessKeyId, scope: { date, region, service } }
}

/** AWS's "Create a canonical request", for services other than S3. */
function canonicalRequest(signature: Signature, request: SignedRequest, payloadSha256: string): string {
  const { form, signedHeaders } = signature
  const headers = signedHeaders.map((name) => `${name}:${headerOf(request, name)}\n`).join('')
  const target = `${canonicalPath(request.path)}\n${canonicalQuery(request.query, form)}`
  // Names stay in the order in which they were listed: signers sort them, though not all by the same collation.
  return `${request.method}\n${target}\n${headers}\n${signedHeaders.join(';')}\n${payloadSha256}`
}

/** A header's canonical value: outer spaces trimmed, inner ones collapsed, repeated headers joined by a comma. */
function headerOf({ headers }: SignedRequest, name: string): string | undefined {
  // Names come from the request, and a header `constructor` is not the one that every object inherits.
  const value = Object.hasOwn(headers, name) ? headers[name] : undefined
  return typeof value === 'object' ? value.map(collapse).join(',') : value && collapse(value)
}

function collapse(value: string): string {
  return value.replaceAll(/[ \t\r\n]+/g, ' ').replaceAll(/^ | $/g, '')
}

/** Without empty and dot segments; each of the others, encoded for the wire already, is encoded once more. */
function canonicalPath(path: string): string {
  const segments: string[] = []
  for (const segment of path.split('/')) {
    if (segment === '..') segments.pop()
    else if (segment !== '' && segment !== '.') segments.push(encode(segment))
  }
  const end = segments.length > 0 && path.endsWith('/') ? '/' : ''
  return `/${segments.join('/')}${end}`
}

/** Names and values encoded one way whatever way they came, sorted by name, then by value. */
function canonicalQuery(query: string, form: Signature['form']): string {
  const pairs: string[] = []
  for (const parameter of query.split('&')) {
    const [name, value] = cut(parameter, '=').map(reencode)
    const isSignature = form === 'query' && name === 'X-Amz-Signature'
    // Until sorted, a line break stands for the equals sign, which does not precede all that a name can hold.
    if (parameter !== '' && !isSignature) pairs.push(`${name}\n${value}`)
  }
  return pairs
    .sort()
    .map((pair) => pair.replace('\n', '='))
    .join('&')
}

/** A plus is a space, as forms have it; a stray percent sign is itself. Never decodes, so any bytes will do. */
function reencode(text: string): string {
  return text.replaceAll(/%[0-9A-Fa-f]{2}|[^A-Za-z0-9\-._~]/gu, (found) => {
    if (found === '+') return '%20'
    if (found.length < 3) return encode(found)
    const character = String.fromCharCode(Number.parseInt(found.slice(1), 16))
    return /[A-Za-z0-9\-._~]/.test(character) ? character : found.toUpperCase()
  })
}

/** RFC 3986 percent-encoding of all but its unreserved characters. */
function encode(text: string): string {
  const encoded = encodeURIComponent(text.toWellFormed())
  return encoded.replaceAll(/[!'()*]/g, (found) => `%${found.charCodeAt(0).toString(16).toUpperCase()}`)
}

/** What is before and after the first separator; without one, all of it is before. */
function cut(text: string, separator: string): [before: string, after: string] {
  const at = text.indexOf(separator)
  return at === -1 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)]
}

function quoted(text: string): string {
  return `'${text.slice(0, QUOTED_CHARS_MAX)}'`
}

function incomplete(reason: string): Error {
  return refuse('SignatureIncomplete', { reason })
}

function invalid(reason: string): Error {
  return refuse('SignatureInvalid', { reason })
}

function mismatch(): Error {
  const advice = 'Check your AWS Secret Access Key and signing method. Consult the service documentation for details.'
  return invalid(`The request signature we calculated does not match the signature you provided. ${advice}`)
}
