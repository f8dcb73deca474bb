import { AwsV4Signer } from 'aws4fetch'

import type { AccessKey } from '../../src/auth/access-keys.ts'
import { type Answer, ask } from './answer.ts'

/** A request to the API, right in every way but those a test changes. Signed by a signer that is not ours. */
export interface ApiRequest {
  readonly key: AccessKey
  readonly operation: string
  readonly body: string | Uint8Array
  /** In place of the one that belongs to `operation`. */
  readonly target?: string
  /** When it was signed, in milliseconds. */
  readonly at?: number
  readonly service?: string
  readonly region?: string
  readonly sessionToken?: string
  /** As a presigned URL has it: the signature in the query. */
  readonly isPresigned?: boolean
  readonly headers?: Readonly<Record<string, string>>
  /** What is done to the request between its signer and the wire. */
  readonly tamper?: (request: SignedApiRequest) => SignedApiRequest
}

export interface SignedApiRequest {
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Uint8Array
}

export async function sendSigned(url: string, request: ApiRequest): Promise<Answer> {
  const signed = await sign(url, request)
  const sent = request.tamper?.(signed) ?? signed
  return ask('POST', sent.url, { headers: sent.headers, body: Buffer.from(sent.body) })
}

export async function sign(url: string, request: ApiRequest): Promise<SignedApiRequest> {
  const body = Buffer.from(request.body)
  const signer = new AwsV4Signer({
    method: 'POST',
    url: `${url}/`,
    headers: {
      'content-type': 'application/x-amz-json-1.1',
      'x-amz-target': request.target ?? `SpencerFrontendService.${request.operation}`,
      ...request.headers,
    },
    body,
    ...request.key,
    service: request.service ?? 'ecr-public',
    region: request.region ?? 'us-east-1',
    datetime: timestamp(request.at ?? Date.now()),
    signQuery: request.isPresigned ?? false,
    ...(request.sessionToken !== undefined && { sessionToken: request.sessionToken }),
  })
  const signed = await signer.sign()
  return { url: signed.url.href, headers: Object.fromEntries(signed.headers), body: request.body }
}

/** `20150830T123600Z` */
function timestamp(time: number): string {
  return new Date(time).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
}
