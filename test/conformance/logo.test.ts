import { CreateRepositoryCommand } from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { ask } from '../support/answer.ts'
import { type PictureName, picture } from '../support/pictures.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import type { TestRegistry } from '../support/test-registry.ts'

const test = testWithRegistry()
let repositories = 0

/** The URL of a repository's new logo. */
async function addLogo({ ecr }: TestRegistry, logoImageBlob: Uint8Array): Promise<string> {
  const repositoryName = `logo-${++repositories}`
  const { catalogData } = await ecr.send(
    new CreateRepositoryCommand({ repositoryName, catalogData: { logoImageBlob } }),
  )
  return catalogData!.logoUrl!
}

test.for<[PictureName, string]>([
  ['palette.png', 'image/png'],
  ['baseline.jpg', 'image/jpeg'],
  ['lossy.webp', 'image/webp'],
])('%s is served as what it is, to everybody, for ever', async ([name, mediaType], { registry }) => {
  const url = await addLogo(registry, picture(name))
  const { status, headers, bytes } = await ask('GET', url)
  expect(status).toBe(200)
  expect(bytes).toEqual(picture(name))
  expect(headers.get('content-type')).toBe(mediaType)
  expect(headers.get('content-length')).toBe(String(bytes.length))
  expect(headers.get('cache-control')).toBe('public, max-age=31536000, immutable')
  expect(headers.get('etag')).toMatch(/^"[0-9a-f-]{36}"$/)
})

test('no browser makes anything of it but a picture', async ({ registry }) => {
  const url = await addLogo(registry, picture('palette.png'))
  for (const asked of [url, `${registry.url}/logo/nothing`]) {
    const { headers } = await ask('GET', asked)
    expect(headers.get('content-security-policy')).toBe("sandbox; default-src 'none'")
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  }
})

test('HEAD says the same without it', async ({ registry }) => {
  const url = await addLogo(registry, picture('palette.png'))
  const [get, head] = [await ask('GET', url), await ask('HEAD', url)]
  expect(head.status).toBe(200)
  expect(head.bytes).toHaveLength(0)
  for (const name of ['content-type', 'content-length', 'cache-control', 'etag', 'x-content-type-options']) {
    expect([name, head.headers.get(name)]).toEqual([name, get.headers.get(name)])
  }
})

test('who has it need not get it again', async ({ registry }) => {
  const url = await addLogo(registry, picture('palette.png'))
  const etag = (await ask('GET', url)).headers.get('etag') ?? ''
  for (const condition of [etag, `W/${etag}`, `"other", ${etag}`]) {
    const { status, headers, bytes } = await ask('GET', url, { headers: { 'if-none-match': condition } })
    expect([status, bytes.length, headers.get('etag')]).toEqual([304, 0, etag])
  }
  expect((await ask('GET', url, { headers: { 'if-none-match': '"other"' } })).status).toBe(200)
})

describe('there is nothing at', () => {
  test.for([
    '/logo/00000000-0000-4000-8000-000000000000',
    '/logo/nothing',
    '/logo/',
    '/logo',
    '/logo/..%2f..%2fwaybill.db',
    '/logo/%00',
    `/logo/${'x'.repeat(5_000)}`,
  ])('%s', async (path, { registry }) => {
    for (const method of ['GET', 'HEAD']) {
      const { status, headers } = await ask(method, `${registry.url}${path}`)
      expect(status).toBe(404)
      expect(headers.get('cache-control')).toBeNull()
    }
  })

  test.for(['POST', 'PUT', 'DELETE'])('an existing one by %s', async (method, { registry }) => {
    const url = await addLogo(registry, picture('palette.png'))
    expect((await ask(method, url)).status).toBe(404)
    expect((await ask('GET', url)).status).toBe(200)
  })
})
