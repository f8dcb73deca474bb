import { createHash } from 'node:crypto'

import { AwsV4Signer } from 'aws4fetch'
import fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseSignature, verifySignature } from '../auth/sigv4.ts'
import { type ApiRequest, signApiRequest } from './sign-api-request.ts'

const request = fc.record({
  endpoint: fc.webAuthority({ withPort: true }).map((authority) => new URL(`http://${authority}/`)),
  operation: fc.constantFrom('GetAuthorizationToken', 'DescribeRepositories'),
  body: fc.json(),
  key: fc.record({
    accessKeyId: fc.stringMatching(/^\w{3,20}$/),
    secretAccessKey: fc.string({ minLength: 8, maxLength: 64 }),
  }),
  now: fc.integer({ min: Date.UTC(2000), max: Date.UTC(2100) }),
})

test('a request is signed as aws4fetch signs it, but for the headers that are', async () => {
  await fc.assert(
    fc.asyncProperty(request, async (asked: ApiRequest) => {
      const { endpoint, body, key, now } = asked
      const { authorization, ...headers } = signApiRequest(asked)
      const datetime = new Date(now).toISOString().replaceAll(/[-:]|\.\d{3}/g, '')
      const options = { ...key, service: 'ecr-public', region: 'us-east-1', datetime, allHeaders: true }
      const theirs = new AwsV4Signer({ url: endpoint.href, headers, body, ...options })
      expect(authorization).toBe(await theirs.authHeader())
    }),
  )
})

test('the registry takes what is signed', () => {
  fc.assert(
    fc.property(request, (asked) => {
      const headers = signApiRequest(asked)
      const sent = { method: 'POST', path: '/', query: '', headers }
      const signature = parseSignature(sent, { service: 'ecr-public', now: asked.now })
      const payloadSha256 = createHash('sha256').update(asked.body).digest('hex')
      verifySignature(signature, sent, asked.key.secretAccessKey, payloadSha256)
      expect(signature).toMatchObject({ accessKeyId: asked.key.accessKeyId, scope: { region: 'us-east-1' } })
    }),
  )
})
