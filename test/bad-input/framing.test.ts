import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect } from 'vitest'

import { image, sha256 } from '../support/images.ts'
import { asPulled, pullImage, pushImage, startUpload } from '../support/push.ts'
import { head, RawConnection } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import type { TestRegistry } from '../support/test-registry.ts'
import { until } from '../support/until.ts'

const test = testWithRegistry({ isOnDisk: true })

const blobPath = `/v2/library/app/blobs/uploads/?digest=${sha256('hello')}`
const smuggled = 'GET /v2/smuggled/x/manifests/y HTTP/1.1\r\nHost: x\r\n\r\n'

/** What is written on a connection, with the host and the credential filled in. Each has to be turned down whole. */
const malformed: [string, string][] = [
  [
    'a length and an encoding',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: 5|Transfer-Encoding: chunked||0\r\n\r\n${smuggled}`,
  ],
  [
    'an encoding and a length',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: chunked|Content-Length: 6||0\r\n\r\n${smuggled}`,
  ],
  ['two lengths', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: 5|Content-Length: 6||hello!`],
  ['two lengths in one header', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: 5, 6||hello!`],
  ['a negative length', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: -5||hello`],
  ['a length with a sign', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: +5||hello`],
  ['a length in hexadecimal', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: 0x5||hello`],
  ['a length beyond all', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: 99999999999999999999||hello`],
  ['a length in words', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Content-Length: five||hello`],
  [
    'an encoding nobody knows',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: xchunked||5\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    'an encoding after the chunks',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: chunked, identity||0\r\n\r\n${smuggled}`,
  ],
  ['a space before the colon', `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding : chunked||0\r\n\r\n${smuggled}`],
  ['a folded header', `POST ${blobPath} HTTP/1.1|HOST|AUTH|X-Folded: a\r\n b|Content-Length: 5||hello`],
  [
    'a chunk size that is none',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: chunked||zz\r\nhello\r\n0\r\n\r\n`,
  ],
  [
    'a chunk size beyond all',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: chunked||fffffffffffffffff\r\nhello\r\n`,
  ],
  [
    'a chunk longer than its size',
    `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: chunked||4\r\nhello\r\n0\r\n\r\n`,
  ],
  ['a header without a name', 'GET /v2/ HTTP/1.1|HOST|: nobody||'],
  ['a header name with a space', 'GET /v2/ HTTP/1.1|HOST|X Y: z||'],
  ['a null character in a header', 'GET /v2/ HTTP/1.1|HOST|X: a\0b||'],
  ['a carriage return in a header', 'GET /v2/ HTTP/1.1|HOST|X: a\rb||'],
  ['no host', 'GET /v2/ HTTP/1.1|AUTH||'],
  ['headers of 64 KiB', `GET /v2/ HTTP/1.1|HOST|X: ${'a'.repeat(65_536)}||`],
  ['a path of 64 KiB', `GET /v2/${'a'.repeat(65_536)} HTTP/1.1|HOST||`],
  ['10,000 headers', `GET /v2/ HTTP/1.1|HOST|${'X: y|'.repeat(10_000)}|`],
  ['another protocol', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ['SSH', 'SSH-2.0-OpenSSH_9.2\r\n'],
  ['HTTP/2 by itself', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['HTTP/9', 'GET /v2/ HTTP/9.9|HOST||'],
  ['half a request line', 'GET /v2/\r\n\r\n'],
  ['a path without a slash', 'GET v2 HTTP/1.1|HOST||'],
]

describe('a request that is none is turned down, and what is behind it is no request either', () => {
  test.for(malformed)('%s', async ([, text], { registry }) => {
    using connection = await RawConnection.open(registry.url)
    await connection.write(filledIn(registry, text))
    const answer = await connection.answer()
    // Some get no answer but the end of the connection, which is clear enough.
    expect(answer?.status ?? 400).toBeGreaterThanOrEqual(400)
    expect(answer?.status ?? 400).toBeLessThan(500)
    expect(await connection.answer()).toBeUndefined()
  })
})

describe('a request in an unusual form is answered', () => {
  test.for<[string, string, number]>([
    ['line feeds in front', '\r\n\r\nGET /v2/ HTTP/1.1|HOST||', 401],
    ['HTTP/1.0', 'GET /v2/ HTTP/1.0||', 401],
    [
      'an offer to speak HTTP/2',
      'GET /v2/ HTTP/1.1|HOST|Connection: Upgrade, HTTP2-Settings|Upgrade: h2c|HTTP2-Settings: AAMAAABk||',
      401,
    ],
    ['an offer to speak WebSocket', 'GET /v2/ HTTP/1.1|HOST|Connection: Upgrade|Upgrade: websocket||', 401],
    ['a question whether to go on', `POST ${blobPath} HTTP/1.1|HOST|Expect: 100-continue|Content-Length: 5||`, 401],
    ['an expectation nobody knows', `POST ${blobPath} HTTP/1.1|HOST|Expect: miracles|Content-Length: 5||`, 417],
    ['a body where none is expected', 'GET /v2/ HTTP/1.1|HOST|Content-Length: 5||hello', 401],
    [
      'chunks with extensions and trailers',
      `POST ${blobPath} HTTP/1.1|HOST|AUTH|Transfer-Encoding: chunked||5;a=b\r\nhello\r\n0\r\nX: y\r\n\r\n`,
      201,
    ],
    ['2,000 characters of accepted types', `GET /v2/ HTTP/1.1|HOST|Accept: ${'text/html, '.repeat(200)}*/*||`, 401],
  ])('%s', async ([, text, status], { registry }) => {
    using connection = await RawConnection.open(registry.url)
    await connection.write(filledIn(registry, text))
    expect((await connection.answer())?.status).toBe(status)
  })

  test('CONNECT is not, and its connection ends', async ({ registry }) => {
    using connection = await RawConnection.open(registry.url)
    await connection.write(head('CONNECT example.com:443', { Host: 'example.com:443' }))
    expect((await connection.answer())?.status ?? 400).toBeOneOf([400, 404, 405, 501])
  })
})

describe('a body that breaks off', () => {
  const targets: [string, (registry: TestRegistry, location: string) => [method: string, path: string]][] = [
    ['to the API', () => ['POST', '/']],
    ['to the token endpoint', () => ['POST', '/token/']],
    ['of a blob', () => ['POST', blobPath]],
    ['of a chunk', (_, location) => ['PATCH', location]],
    ['of the last chunk', (_, location) => ['PUT', `${location}?digest=${sha256('hello')}`]],
    ['of a manifest', () => ['PUT', '/v2/library/app/manifests/latest']],
    [
      'to an upload that there is not',
      () => ['PATCH', '/v2/library/app/blobs/uploads/00000000-0000-4000-8000-000000000000'],
    ],
    ['to nowhere', () => ['POST', '/nope']],
  ]
  test.for(
    targets.flatMap(([title, target]) =>
      (['end', 'hangUp', 'reset'] as const).map((how) => [title, how, target] as const),
    ),
  )('%s: by %s', async ([, how, target], { registry }) => {
    const location = await startUpload(registry.oci, 'library/app')
    const [method, path] = target(registry, location)
    for (const length of [{ 'Content-Length': 1000 }, { 'Transfer-Encoding': 'chunked' }]) {
      using connection = await RawConnection.open(registry.url)
      const authorization = registry.oci.authorization ?? ''
      await connection.write(
        head(`${method} ${path}`, { Host: registry.host, Authorization: authorization, ...length }),
      )
      await connection.write('400\r\nhalf of')
      connection[how]()
      const answer = how === 'end' ? await connection.answer() : undefined
      expect(answer?.status ?? 400).toBeLessThan(500)
    }
  })
})

test('after all this a push works, and no file is left that no upload needs', async ({ registry, imageName }) => {
  const pushed = image()
  await pushImage(registry.oci, imageName, pushed, 'latest')
  expect(await pullImage(registry.anonymous, imageName, pushed, 'latest')).toEqual(asPulled(pushed))

  const location = await startUpload(registry.oci, imageName)
  await registry.oci.patch(location, Buffer.from('live'))
  const openFiles = async () => {
    await registry.app.registry.sweep.passUntilDone()
    return readdir(join(registry.folder ?? '', 'blobs', 'open'))
  }
  await until('all but the uploads that live to be removed', async () => (await openFiles()).length <= liveUploads)
  await registry.oci.delete(location)
})

/** Of the chunks that broke off, by `PATCH` and by `PUT`, each in three ways; and the one that the last test makes. */
const liveUploads = 2 * 3 + 1

/** `|` ends a line; HOST and AUTH are the headers of those names. */
function filledIn({ host, oci }: TestRegistry, text: string): Buffer {
  const lines = text.replace('|HOST', `|Host: ${host}`).replace('|AUTH', `|Authorization: ${oci.authorization}`)
  return Buffer.from(lines.replaceAll('|', '\r\n'), 'latin1')
}
