import { describe, expect } from 'vitest'

import { jsonOf } from '../../support/answer.ts'
import { image } from '../../support/images.ts'
import { errorCodes } from '../../support/oci-client.ts'
import { pushImage } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
/** How far the registry's clock is ahead. */
let aheadMs = 0

const test = testWithRegistry({ clock: () => Date.now() + aheadMs })
const publicTest = testWithRegistry({ config: { publicUrl: 'https://images.example.com' } })

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** The forms in which a login may be shown. */
const credentials: [string, (registry: TestRegistry) => Promise<string>][] = [
  ['Bearer of the authorizationToken', async (registry) => `Bearer ${(await registry.login()).authorizationToken}`],
  ['Bearer of the password', async (registry) => `Bearer ${(await registry.login()).password}`],
  ['Basic of user AWS and the password', async (registry) => `Basic ${(await registry.login()).authorizationToken}`],
  ['basic, in other letters', async (registry) => `bAsIc  ${(await registry.login()).authorizationToken}`],
  ['Bearer of what /token/ gives for Basic', async (registry) => `Bearer ${await tokenFor(registry)}`],
]

describe('the ping', () => {
  test.for(['/v2/', '/v2'])('of %s without a credential tells where to get one', async (path, { registry }) => {
    const answer = await registry.anonymous.get(path)
    expect(answer.status).toBe(401)
    expect(answer.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/token/",service="${registry.host}",scope="aws"`,
    )
    expect(jsonOf(answer)).toEqual({ errors: [{ code: 'UNAUTHORIZED', message: 'Not Authorized' }] })
    expect(answer.headers.get('content-type')).toBe('application/json; charset=utf-8')
  })

  test.for(credentials)('is answered to %s', async ([, authorize], { registry }) => {
    const answer = await registry.anonymous.as(await authorize(registry)).get('/v2/')
    expect([answer.status, jsonOf(answer)]).toEqual([200, {}])
    expect((await registry.anonymous.as(await authorize(registry)).head('/v2/')).status).toBe(200)
  })

  test('is answered to an anonymous token', async ({ registry }) => {
    const token = (jsonOf(await registry.anonymous.get('/token/')) as { token: string }).token
    expect((await registry.anonymous.as(`Bearer ${token}`).get('/v2/')).status).toBe(200)
  })

  publicTest('names the public URL where there is one', async ({ registry }) => {
    const answer = await registry.anonymous.get('/v2/')
    expect(answer.headers.get('www-authenticate')).toBe(
      'Bearer realm="https://images.example.com/token/",service="images.example.com",scope="aws"',
    )
  })

  test('names the host that the client came by', async ({ registry }) => {
    const localhost = registry.anonymous.url.replace('127.0.0.1', 'localhost')
    const answer = await fetch(`${localhost}/v2/`).then(async (response) => {
      await response.arrayBuffer()
      return response
    })
    expect(answer.headers.get('www-authenticate')).toContain(`realm="${localhost}/token/"`)
  })
})

describe('a credential', () => {
  test.for(credentials)('%s is good for a push', async ([, authorize], { registry, imageName }) => {
    await pushImage(registry.anonymous.as(await authorize(registry)), imageName, image(), 'latest')
  })

  const header = (part: object) => Buffer.from(JSON.stringify(part)).toString('base64url')
  test.for([
    ['of no known kind', 'Digest abc'],
    ['without a token', 'Bearer'],
    ['of random text', 'Bearer not-a-token'],
    ['unsigned', `Bearer ${header({ alg: 'none' })}.${header({ iss: 'waybill', exp: 4e9, iat: 1 })}.`],
    ['signed by another', `Bearer ${header({ alg: 'HS256', kid: 'x' })}.${header({ exp: 4e9 })}.AAAA`],
    ['of another user name', `Basic ${base64('root:password')}`],
    ['of user AWS and a wrong password', `Basic ${base64('AWS:password')}`],
    ['of user AWS and no password', `Basic ${base64('AWS:')}`],
    ['without a colon', `Basic ${base64('AWS')}`],
    ['that is no base64', 'Basic !!!!'],
    ['of too many words', 'Bearer a b c'],
    ['very long', `Bearer ${'a'.repeat(20_000)}`],
  ] as const)(
    '%s is turned away, though what it is shown for is open to all',
    async ([, authorization], { registry, imageName }) => {
      const stranger = registry.anonymous.as(authorization)
      for (const path of ['/v2/', `/v2/${imageName}/tags/list`]) {
        const answer = await stranger.get(path)
        expect([answer.status, errorCodes(answer)]).toEqual([401, ['UNAUTHORIZED']])
        expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/)
      }
    },
  )

  test('with one letter changed is turned away', async ({ registry }) => {
    const { password } = await registry.login()
    const last = password.endsWith('A') ? 'B' : 'A'
    const changed = [password.slice(0, -2) + last + password.slice(-1), `${password}A`, password.slice(1)]
    for (const token of changed) {
      expect((await registry.anonymous.as(`Bearer ${token}`).get('/v2/')).status).toBe(401)
    }
  })

  test.for([
    ['a login ends after twelve hours', async (registry: TestRegistry) => (await registry.login()).password, 12],
    ['a token of /token/ ends after an hour', tokenFor, 1],
  ] as const)('%s', async ([, get, hours], { registry }) => {
    const client = registry.anonymous.as(`Bearer ${await get(registry)}`)
    try {
      aheadMs = hours * hourMs - minuteMs
      expect((await client.get('/v2/')).status).toBe(200)
      aheadMs = hours * hourMs + minuteMs
      const answer = await client.get('/v2/')
      expect([answer.status, errorCodes(answer)]).toEqual([401, ['UNAUTHORIZED']])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="/)
    } finally {
      aheadMs = 0
    }
  })

  test('bought late in a login ends with it', async ({ registry }) => {
    const { authorizationToken } = await registry.login()
    try {
      aheadMs = 11.5 * hourMs
      const answer = await registry.anonymous.as(`Basic ${authorizationToken}`).get('/token/')
      const { expires_in } = jsonOf(answer) as { expires_in: number }
      expect(expires_in).toBeGreaterThan(1700)
      expect(expires_in).toBeLessThanOrEqual(1800)
    } finally {
      aheadMs = 0
    }
  })
})

describe('without a credential', () => {
  test('images can be pulled, and nothing else', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed, 'latest')
    const [blob] = pushed.blobs
    for (const path of ['manifests/latest', `manifests/${pushed.digest}`, `blobs/${blob!.digest}`, 'tags/list']) {
      expect((await registry.anonymous.get(`/v2/${imageName}/${path}`)).status).toBe(200)
      expect((await registry.anonymous.head(`/v2/${imageName}/${path}`)).status).toBe(200)
    }
    const writes = [
      ['POST', 'blobs/uploads/'],
      ['POST', `blobs/uploads/?digest=${blob!.digest}`],
      ['PUT', 'manifests/latest'],
    ] as const
    for (const [method, path] of writes) {
      const answer = await registry.anonymous.ask(method, `/v2/${imageName}/${path}`, { body: Buffer.from('{}') })
      expect([answer.status, errorCodes(answer)]).toEqual([401, ['UNAUTHORIZED']])
      expect(answer.headers.get('www-authenticate')).toBe(
        `Bearer realm="${registry.url}/token/",service="${registry.host}",scope="repository:${imageName}:pull,push"`,
      )
    }
  })

  test('what is not there is asked for with a challenge, which an anonymous token answers', async ({ registry }) => {
    const path = '/v2/library/no/such/manifests/latest'
    const challenged = await registry.anonymous.get(path)
    expect(challenged.status).toBe(401)
    expect(challenged.headers.get('www-authenticate')).toBe(
      `Bearer realm="${registry.url}/token/",service="${registry.host}",scope="repository:library/no/such:pull"`,
    )
    const { token } = jsonOf(await registry.anonymous.get('/token/')) as { token: string }
    const answer = await registry.anonymous.as(`Bearer ${token}`).get(path)
    expect([answer.status, errorCodes(answer)]).toEqual([404, ['NAME_UNKNOWN']])
  })
})

test('every answer forbids browsers to make anything of it', async ({ registry, imageName }) => {
  const pushed = image()
  await pushImage(registry.oci, imageName, pushed, 'latest')
  const { oci, anonymous } = registry
  const answers = await Promise.all([
    anonymous.get('/v2/'),
    oci.get('/v2/'),
    oci.get(`/v2/${imageName}/manifests/latest`),
    oci.head(`/v2/${imageName}/manifests/latest`),
    oci.get(`/v2/${imageName}/blobs/${pushed.blobs[0]!.digest}`),
    oci.get(`/v2/${imageName}/tags/list`),
    oci.get(`/v2/${imageName}/manifests/nope`),
    oci.post(`/v2/${imageName}/blobs/uploads/`),
    oci.get('/v2/no/such/endpoint/at/all'),
    oci.ask('OPTIONS', '/v2/'),
  ])
  for (const { headers } of answers) {
    expect(headers.get('docker-distribution-api-version')).toBe('registry/2.0')
    expect(headers.get('content-security-policy')).toBe('sandbox')
    expect(headers.get('x-content-type-options')).toBe('nosniff')
  }
})

async function tokenFor(registry: TestRegistry): Promise<string> {
  const { authorizationToken } = await registry.login()
  const answer = await registry.anonymous.as(`Basic ${authorizationToken}`).get('/token/')
  return (jsonOf(answer) as { token: string }).token
}
