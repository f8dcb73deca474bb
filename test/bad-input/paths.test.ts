import { describe, expect } from 'vitest'

import { jsonOf } from '../support/answer.ts'
import { image, sha256 } from '../support/images.ts'
import { pushImage } from '../support/push.ts'
import { head, type RawAnswer, RawConnection } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import type { TestRegistry } from '../support/test-registry.ts'

const digest = sha256('nothing')
const uploadId = '00000000-0000-4000-8000-000000000000'

const test = testWithRegistry()

describe('a path of the registry endpoint that leads nowhere', () => {
  test.for([
    '/v2//',
    '/v2/library',
    '/v2/library/app',
    '/v2/library/app/',
    '/v2/library/app/manifests',
    '/v2/library/app/manifests/',
    '/v2/library/app/blobs/',
    '/v2/library/app/tags',
    '/v2/library/app/tags/list/',
    '/v2/library/app/tags/list/more',
    '/v2/library/app/blobs/uploads/x/y',
    '/v2/manifests/latest',
    '/v2//manifests/latest',
    '/v2/tags/list',
    '/v2/library//manifests/latest',
    '/v2/library/app/nonsense/latest',
    '/v3/',
    '/v2x/',
    '/V2/',
  ])('%s', async (path, { registry }) => {
    const answer = await send(registry, 'GET', path)
    expect(answer.status).toBeOneOf([400, 404, 405])
    if (path.startsWith('/v2/')) expectOciError(answer)
  })
})

describe('a name, tag or digest that is none', () => {
  test.for([
    ['dots', `/v2/library/../app/blobs/${digest}`],
    ['escaped dots', `/v2/library/%2e%2e/app/blobs/${digest}`],
    ['escaped dots in other letters', `/v2/library/%2E%2E%2F%2e%2e/etc/blobs/${digest}`],
    ['dots for a digest', '/v2/library/app/blobs/..'],
    ['escaped dots for a digest', '/v2/library/app/blobs/%2e%2e%2f%2e%2e%2fetc%2fpasswd'],
    ['dots in a digest', '/v2/library/app/blobs/sha256:../../../etc/passwd'],
    ['a backslash', `/v2/library\\app/blobs/${digest}`],
    ['an escaped backslash', `/v2/library/%5c..%5capp/blobs/${digest}`],
    ['a null character', `/v2/library/app%00/blobs/${digest}`],
    ['a null character in a digest', `/v2/library/app/blobs/${digest}%00`],
    ['a null character in a tag', '/v2/library/app/manifests/latest%00'],
    ['a line break', `/v2/library/app%0d%0aX-Injected:%20yes/blobs/${digest}`],
    ['a line break in a tag', '/v2/library/app/manifests/a%0d%0aX-Injected:%20yes'],
    ['capitals', `/v2/library/App/blobs/${digest}`],
    ['a space', `/v2/library/a%20b/blobs/${digest}`],
    ['an escape of nothing', `/v2/library/%/blobs/${digest}`],
    ['half an escape', `/v2/library/%4/blobs/${digest}`],
    ['an escape in no hexadecimal', `/v2/library/%zz/blobs/${digest}`],
    ['an escape that is no UTF-8', `/v2/library/%ff%fe/blobs/${digest}`],
    ['an overlong slash', `/v2/library/%c0%af/blobs/${digest}`],
    ['an escaped escape', `/v2/library/%252e%252e/blobs/${digest}`],
    ['an account id', `/v2/000000000000/app/blobs/${digest}`],
    ['a very long name', `/v2/library/${'a'.repeat(3000)}/blobs/${digest}`],
    ['very many segments', `/v2/library/${'a/'.repeat(1000)}b/blobs/${digest}`],
    ['a name longer than paths may be', `/v2/library/${'a'.repeat(12_000)}/blobs/${digest}`],
    ['a very long tag', `/v2/library/app/manifests/${'a'.repeat(5000)}`],
    ['a digest of no algorithm', `/v2/library/app/blobs/${'a'.repeat(64)}`],
    ['a digest of an algorithm nobody knows', `/v2/library/app/blobs/crc32:${'a'.repeat(8)}`],
    ['a digest in capitals', `/v2/library/app/blobs/sha256:${'A'.repeat(64)}`],
    ['an upload that is a path', '/v2/library/app/blobs/uploads/..%2f..%2f..%2fsecret.key'],
    ['an upload of nothing', '/v2/library/app/blobs/uploads/%00'],
    ['an upload that is SQL', "/v2/library/app/blobs/uploads/'%20OR%20'1'='1"],
    ['a query of nonsense', `/v2/library/app/tags/list?n=%zz&last=%00&%=`],
    ['another host', `http://example.com/v2/library/app/blobs/${digest}`],
  ])('%s', async ([, path], { registry }) => {
    for (const method of ['GET', 'HEAD', 'PUT', 'DELETE']) {
      const answer = await send(registry, method, path!)
      expect(answer.status).toBeGreaterThanOrEqual(400)
      expect(answer.status).toBeLessThan(500)
      expect(answer.headers.has('x-injected')).toBe(false)
      if (method !== 'HEAD') expectOciError(answer)
    }
  })

  test('a slash may be escaped, and is a slash', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed, 'latest')
    const answer = await send(registry, 'GET', `/v2/${imageName.replaceAll('/', '%2F')}/manifests/latest`)
    expect([answer.status, answer.bytes.toString()]).toEqual([200, pushed.bytes.toString()])
  })

  test('a colon may be escaped, as Python does', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed)
    const answer = await send(registry, 'GET', `/v2/${imageName}/manifests/${pushed.digest.replace(':', '%3A')}`)
    expect([answer.status, answer.bytes.toString()]).toEqual([200, pushed.bytes.toString()])
  })
})

describe('a method that is not served', () => {
  test.for([
    ['/v2/', ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']],
    ['/v2/library/app/manifests/latest', ['POST', 'PATCH', 'OPTIONS']],
    [`/v2/library/app/blobs/${digest}`, ['POST', 'PUT', 'PATCH', 'OPTIONS']],
    ['/v2/library/app/blobs/uploads/', ['GET', 'PUT', 'PATCH', 'DELETE']],
    [`/v2/library/app/blobs/uploads/${uploadId}`, ['POST', 'HEAD', 'OPTIONS']],
    ['/v2/library/app/tags/list', ['POST', 'PUT', 'DELETE']],
  ] as const)('on %s', async ([path, methods], { registry }) => {
    for (const method of methods) {
      const answer = await send(registry, method, path)
      expect([method, answer.status]).toEqual([method, 405])
      expect(answer.headers.get('allow')).toMatch(/^[A-Z]+(, [A-Z]+)*$/)
      if (method !== 'HEAD') expect(expectOciError(answer)).toBe('UNSUPPORTED')
    }
  })

  test.for(['TRACE', 'PROPFIND', 'MKCOL', 'LOCK', 'SEARCH', 'PURGE', 'LINK', 'QUERY'])(
    '%s',
    async (method, { registry }) => {
      for (const path of ['/v2/', '/v2/library/app/manifests/latest', '/', '/token/']) {
        const answer = await send(registry, method, path)
        expect(answer.status).toBeOneOf([400, 404, 405, 501])
      }
    },
  )

  test.for(['FOO', 'get', 'G T', ''])('a word that is none: %s', async (method, { registry }) => {
    using connection = await RawConnection.open(registry.url)
    await connection.write(head(`${method} /v2/`, { Host: registry.host }))
    expect((await connection.answer())?.status ?? 400).toBe(400)
  })
})

describe('elsewhere', () => {
  test.for(['/nope', '/index.php', '/.git/config', '/%2e%2e/%2e%2e/etc/passwd', '/%', '//', '/token/more', '/..'])(
    'there is nothing at %s',
    async (path, { registry }) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        const answer = await send(registry, method, path)
        expect(answer.status).toBeOneOf([400, 404, 405])
        expect(answer.bytes.toString()).not.toContain('root:')
      }
    },
  )

  test.for(['PUT', 'PATCH', 'DELETE'])('the API is asked by POST, not by %s', async (method, { registry }) => {
    const answer = await send(registry, method, '/')
    expect(answer.status).toBeOneOf([400, 404, 405])
  })
})

/** Sends a path as it is: a client for people would tidy it up first. */
async function send(registry: TestRegistry, method: string, path: string): Promise<RawAnswer> {
  using connection = await RawConnection.open(registry.url)
  const headers = { Host: registry.host, Authorization: registry.oci.authorization ?? '', 'Content-Length': 0 }
  await connection.write(head(`${method} ${path}`, headers))
  const answer = await connection.answer({ method })
  if (!answer) throw new Error(`${method} ${path} was not answered`)
  return answer
}

/** Expects the form that the registry endpoint's errors have, and gives the code. */
function expectOciError(answer: RawAnswer): string {
  const { errors } = jsonOf(answer) as { errors: [{ code: string; message: string }] }
  expect(errors).toEqual([{ code: expect.stringMatching(/^[A-Z_]+$/), message: expect.any(String) }])
  return errors[0].code
}
