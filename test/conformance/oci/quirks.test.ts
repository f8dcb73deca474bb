import { describe, expect } from 'vitest'

import { type QuirkName, quirks } from '../../../src/http/oci/quirks.ts'
import { contentOf } from '../../architecture/source-files.ts'
import { type Answer, jsonOf } from '../../support/answer.ts'
import { content, image, randomContent } from '../../support/images.ts'
import { errorCodes, errorMessages, type OciClient } from '../../support/oci-client.ts'
import { pushBlob, pushImage, startUpload } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const hourMs = 60 * 60 * 1000
let now = Date.now()

const partBytesMin = 100
const test = testWithRegistry({ clock: () => now, config: { quirks: 'aws' }, limits: { partBytesMin } })

interface Scene {
  readonly registry: TestRegistry
  /** Of a repository that is there, empty. */
  readonly imageName: string
  /** With an anonymous token. */
  readonly anybody: OciClient
}

/** How each shows. A new quirk needs one: the compiler asks for it. */
const shows: { readonly [Name in QuirkName]: (scene: Scene) => Promise<void> } = {
  'bearer-needed': async ({ registry, imageName, anybody }) => {
    await pushImage(registry.oci, imageName, image(), 'latest')
    for (const path of ['/v2/', `/v2/${imageName}/manifests/latest`, `/v2/${imageName}/tags/list`]) {
      expect((await registry.anonymous.get(path)).status).toBe(401)
      expect((await anybody.get(path)).status).toBe(200)
    }
  },
  'basic-refused': async ({ registry }) => {
    const { authorizationToken } = await registry.login()
    const basic = registry.anonymous.as(`Basic ${authorizationToken}`)
    expectError(await basic.get('/v2/'), 400, 'DENIED', 'Your Authorization Token is invalid.')
    expect((await basic.get('/token/')).status).toBe(200)
  },
  'denied-code': async ({ registry, imageName, anybody }) => {
    expectError(await registry.anonymous.get('/v2/'), 401, 'DENIED', 'Not Authorized')
    expectError(await anybody.post(`/v2/${imageName}/blobs/uploads/`), 401, 'DENIED', 'Not Authorized')
  },
  'bad-token-400': async ({ registry, imageName }) => {
    const { password } = await registry.login()
    const expired = await inHours(13, () =>
      registry.anonymous.as(`Bearer ${password}`).get(`/v2/${imageName}/tags/list`),
    )
    for (const answer of [expired, await registry.anonymous.as('Bearer x').get('/v2/')]) {
      expectError(answer, 400, 'DENIED', 'Your Authorization Token is invalid.')
      expect(answer.headers.get('www-authenticate')).toBeNull()
      expect(answer.headers.get('content-length')).toBe('80')
    }
  },
  'expired-login-403': async ({ registry }) => {
    const { authorizationToken } = await registry.login()
    const client = registry.anonymous.as(`Basic ${authorizationToken}`)
    const answer = await inHours(13, () => client.get('/token/'))
    expectError(answer, 403, 'DENIED', 'Your authorization token has expired. Reauthenticate and try again.')
    expectError(await client.as('Basic x').get('/token/'), 400, 'DENIED', 'Your Authorization Token is invalid.')
  },
  'aws-scope': async ({ registry, imageName }) => {
    const answer = await registry.anonymous.get(`/v2/${imageName}/manifests/latest`)
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/token/",service="${registry.host}",scope="aws"`,
    )
  },
  'invalid-405': async ({ registry, imageName }) => {
    const notJson = await registry.oci.put(`/v2/${imageName}/manifests/latest`, 'not JSON')
    const notAName = await registry.oci.get('/v2/123456789012/UPPER/tags/list')
    for (const answer of [notJson, notAName])
      expect([answer.status, errorCodes(answer)]).toEqual([405, ['UNSUPPORTED']])
  },
  'plain-404': async ({ registry }) => {
    for (const client of [registry.oci, registry.anonymous]) expectNotServed(await client.get('/v2/no/such/endpoint'))
  },
  'no-catalog': async ({ registry }) => expectNotServed(await registry.oci.get('/v2/_catalog')),
  'tags-page': async ({ registry, imageName }) => {
    expect((await registry.oci.get(`/v2/${imageName}/tags/list?n=1000`)).status).toBe(200)
    const sentence = "Invalid parameter at 'maxResults' failed to satisfy constraint: "
    const constraint = "'Member must have value less than or equal to 1000'"
    const answer = await registry.oci.get(`/v2/${imageName}/tags/list?n=1001`)
    expectError(answer, 405, 'UNSUPPORTED', sentence + constraint)
  },
  'no-manifest-digest': async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed, 'latest')
    const got = await registry.oci.get(`/v2/${imageName}/manifests/latest`)
    expect([got.status, got.headers.get('docker-content-digest')]).toEqual([200, null])
    expect(got.headers.get('content-type')).toBe(pushed.mediaType)
    const head = await registry.oci.head(`/v2/${imageName}/manifests/latest`)
    expect(head.headers.get('docker-content-digest')).toBe(pushed.digest)
  },
  'blob-head-401': async ({ registry, imageName, anybody }) => {
    const blob = randomContent()
    await pushBlob(registry.oci, imageName, blob)
    const path = `/v2/${imageName}/blobs/${blob.digest}`
    expect((await anybody.head(path)).status).toBe(401)
    expect((await anybody.get(path)).status).toBe(200)
    expect((await registry.oci.head(path)).status).toBe(200)
  },
  'no-mounts': async ({ registry, imageName }) => {
    const blob = randomContent()
    await pushBlob(registry.oci, 'library/source', blob)
    for (const query of [`mount=${blob.digest}&from=library/source`, `mount=${blob.digest}`]) {
      expect((await registry.oci.post(`/v2/${imageName}/blobs/uploads/?${query}`)).status).toBe(202)
    }
  },
  'patch-201': async ({ registry, imageName }) => {
    const answer = await registry.oci.patch(await startUpload(registry.oci, imageName), Buffer.alloc(10))
    expect([answer.status, answer.headers.get('range')]).toEqual([201, '0-9'])
  },
  'stuck-range': async ({ registry, imageName }) => {
    const chunks = [Buffer.alloc(10 * 1024 * 1024), Buffer.alloc(partBytesMin)]
    const location = await startUpload(registry.oci, imageName)
    for (const chunk of chunks) {
      expect((await registry.oci.patch(location, chunk)).headers.get('range')).toBe('0-10485759')
    }
    const { digest } = content(Buffer.concat(chunks))
    expect((await registry.oci.put(`${location}?digest=${digest}`)).status).toBe(201)
  },
  'no-upload-status': async ({ registry, imageName }) =>
    expectNotServed(await registry.oci.get(await startUpload(registry.oci, imageName))),
  'no-empty-blob': async ({ registry, imageName, anybody }) => {
    const { digest } = content('')
    const location = await startUpload(registry.oci, imageName)
    const monolithic = `/v2/${imageName}/blobs/uploads/?digest=${digest}`
    for (const answer of [
      await registry.oci.put(`${location}?digest=${digest}`),
      await registry.oci.post(monolithic),
    ]) {
      expect([answer.status, errorCodes(answer)]).toEqual([400, ['BLOB_UPLOAD_INVALID']])
    }
    expect((await anybody.post(monolithic)).status).toBe(401)
  },
  'small-chunk': async ({ registry, imageName }) => {
    const [first, last] = [Buffer.alloc(partBytesMin), Buffer.alloc(10)]
    const put = async (chunks: readonly Buffer[], rest: Buffer) => {
      const location = await startUpload(registry.oci, imageName)
      for (const chunk of chunks) await registry.oci.patch(location, chunk)
      return registry.oci.put(`${location}?digest=${content(Buffer.concat([...chunks, rest])).digest}`, rest)
    }
    const none = Buffer.alloc(0)
    for (const answer of [await put([first, last, last], none), await put([first, last], last)]) {
      expect([answer.status, errorCodes(answer)]).toEqual([400, ['BLOB_UPLOAD_INVALID']])
    }
    for (const answer of [await put([first, last], none), await put([first], last), await put([last], none)]) {
      expect(answer.status).toBe(201)
    }
    const again = await registry.oci.put(
      `${await startUpload(registry.oci, imageName)}x?digest=${content(last).digest}`,
    )
    expect(again.status).toBe(201)
  },
}

describe('where they are asked for, there are the quirks of ECR Public:', () => {
  test.for(Object.entries(shows))('%s', async ([, show], { registry, imageName }) => {
    const { token } = jsonOf(await registry.anonymous.get('/token/')) as { token: string }
    await show({ registry, imageName, anybody: registry.anonymous.as(`Bearer ${token}`) })
  })
})

test('docs/compatibility.md lists the quirks that there are', () => {
  const sections = contentOf('docs/compatibility.md').split(/^## /m)
  const section = sections.find((text) => text.startsWith('Quirks on request\n'))!
  const rows = [...section.matchAll(/^\| `([\w-]+)` \| (.+) \|$/gm)].map(([, name, sentence]) => [name, sentence])
  expect(rows).toEqual(Object.entries(quirks).map(([name, { sentence }]) => [name, sentence]))
})

function expectError(answer: Answer, status: number, code: string, message: string): void {
  expect([answer.status, errorCodes(answer), errorMessages(answer)]).toEqual([status, [code], [message]])
}

function expectNotServed(answer: Answer): void {
  expect([answer.status, answer.headers.get('content-type'), answer.bytes.toString()]).toEqual([
    404,
    'text/plain; charset=utf-8',
    '404 page not found\n',
  ])
}

async function inHours<T>(hours: number, ask: () => Promise<T>): Promise<T> {
  const start = now
  try {
    now = start + hours * hourMs
    return await ask()
  } finally {
    now = start
  }
}
