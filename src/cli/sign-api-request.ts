import { createHash, createHmac } from 'node:crypto'

import type { AccessKey } from '../auth/access-keys.ts'

const algorithm = 'AWS4-HMAC-SHA256'
const region = 'us-east-1'
const service = 'ecr-public'

export interface ApiRequest {
  /** The root of the registry, without a query. */
  readonly endpoint: URL
  readonly operation: string
  readonly body: string
  readonly key: AccessKey
  /** Milliseconds since the epoch. */
  readonly now: number
}

/** The headers of a request to the API, signed with SigV4 (IAM User Guide, "Create a signed AWS API request"). */
export function signApiRequest({ endpoint, operation, body, key, now }: ApiRequest): Record<string, string> {
  const timestamp = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
  const day = timestamp.slice(0, 8)
  // In the order of their names, in which they have to be signed.
  const headers = {
    'content-type': 'application/x-amz-json-1.1',
    host: endpoint.host,
    'x-amz-date': timestamp,
    'x-amz-target': `SpencerFrontendService.${operation}`,
  }
  const names = Object.keys(headers).join(';')
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`)
  const canonical = `POST\n${endpoint.pathname}\n\n${lines.join('')}\n${names}\n${sha256(body)}`

  const scope = `${day}/${region}/${service}/aws4_request`
  const stringToSign = `${algorithm}\n${timestamp}\n${scope}\n${sha256(canonical)}`
  const signingKey = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${key.secretAccessKey}`)
  const signature = hmac(signingKey, stringToSign).toString('hex')
  const credential = `${key.accessKeyId}/${scope}`
  const authorization = `${algorithm} Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`
  return { ...headers, authorization }
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex')
}
