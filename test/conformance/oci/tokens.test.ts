import { describe, expect } from 'vitest'

import { type Answer, ask, jsonOf } from '../../support/answer.ts'
import { image, randomContent } from '../../support/images.ts'
import { errorCodes, type OciClient } from '../../support/oci-client.ts'
import { expectStatus, pushBlob, pushImage, startUpload } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

interface Token {
  readonly token: string
  readonly access_token: string
  readonly expires_in: number
  readonly issued_at: string
}

describe('the token endpoint', () => {
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  const passwordForm = (password: string, username = 'AWS') =>
    String(new URLSearchParams({ grant_type: 'password', service: 'x', client_id: 'y', username, password }))

  test.for([
    ['GET with Basic', async (client: OciClient) => client.get('/token/')],
    ['GET without the slash', async (client: OciClient) => client.get('/token')],
    [
      'GET with all that docker sends',
      async (client: OciClient) =>
        client.get('/token/?account=AWS&client_id=docker&offline_token=true&service=x&scope=aws'),
    ],
    [
      'POST of a password, as containerd does',
      async ({ url, authorization }: OciClient) => {
        const password = Buffer.from(authorization!.slice('Basic '.length), 'base64').toString().slice('AWS:'.length)
        return ask('POST', `${url}/token/`, { headers: form, body: passwordForm(password) })
      },
    ],
    ['POST with Basic', async (client: OciClient) => client.post('/token', 'scope=aws', form)],
  ] as const)('gives a token for %s', async ([, request], { registry, imageName }) => {
    const { authorizationToken } = await registry.login()
    const answer = await request(registry.anonymous.as(`Basic ${authorizationToken}`))
    expect(answer.status).toBe(200)
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const token = jsonOf(answer) as Token
    // A refresh_token would make a later skopeo login fail.
    expect(Object.keys(token).toSorted()).toEqual(['access_token', 'expires_in', 'issued_at', 'token'])
    expect(token.access_token).toBe(token.token)
    expect(token.expires_in).toBe(3600)
    expect(Math.abs(Date.parse(token.issued_at) - Date.now())).toBeLessThan(60_000)
    await pushImage(registry.anonymous.as(`Bearer ${token.token}`), imageName, image(), 'latest')
  })

  test('gives anybody a token, with which to pull', async ({ registry, imageName }) => {
    await pushImage(registry.oci, imageName, image(), 'latest')
    const path = `/token/?service=${registry.host}&scope=repository:${imageName}:pull,push`
    const { token } = jsonOf(await registry.anonymous.get(path)) as Token
    const anybody = registry.anonymous.as(`Bearer ${token}`)
    expect((await anybody.get(`/v2/${imageName}/manifests/latest`)).status).toBe(200)
    const refused = await anybody.post(`/v2/${imageName}/blobs/uploads/`)
    expect([refused.status, errorCodes(refused)]).toEqual([401, ['UNAUTHORIZED']])
  })

  test.for([
    ['a wrong password', `Basic ${Buffer.from('AWS:wrong').toString('base64')}`],
    ['another user name', `Basic ${Buffer.from('root:wrong').toString('base64')}`],
    ['no base64', 'Basic ***'],
    ['a bearer of nothing', 'Bearer x'],
  ] as const)('turns away %s', async ([, authorization], { registry }) => {
    for (const method of ['GET', 'POST']) {
      const answer = await registry.anonymous.as(authorization).ask(method, '/token/')
      expect([answer.status, errorCodes(answer)]).toEqual([401, ['UNAUTHORIZED']])
      expect(answer.headers.get('www-authenticate')).toMatch(/^Basic realm="/)
    }
  })

  test.for([
    ['a wrong password', passwordForm('wrong'), 401],
    ['another user name', passwordForm('wrong', 'root'), 401],
    ['no password', 'grant_type=password&username=AWS', 401],
    ['a grant that is not served', 'grant_type=refresh_token&refresh_token=x', 400],
    ['a form that is far too long', `grant_type=password&x=${'y'.repeat(100_000)}`, 413],
  ] as const)('turns away a form with %s', async ([, body, status], { registry }) => {
    const answer = await ask('POST', `${registry.url}/token/`, { headers: form, body })
    expect(answer.status).toBe(status)
    expect(errorCodes(answer)).toHaveLength(1)
  })
})

describe('a token for one repository', () => {
  test('is good for pushing to it', async ({ registry, imageName }) => {
    const client = await clientFor(registry, `repository:${imageName}:pull,push`)
    await pushImage(client, imageName, image(), 'latest')
  })

  test('is good for nothing elsewhere, and the challenge says what would be', async ({ registry, imageName }) => {
    const client = await clientFor(registry, `repository:${imageName}:pull,push`)
    await pushImage(registry.oci, 'library/other', image(), 'latest')
    expectChallenge(await client.post('/v2/library/other/blobs/uploads/'), 'repository:library/other:pull,push')
    // Pulling is open to all, whatever they show, unless the repository is private.
    expect((await client.get('/v2/library/other/manifests/latest')).status).toBe(200)
    await registry.app.identities.repositories.change('library/other', { isPrivate: true })
    expectChallenge(await client.get('/v2/library/other/manifests/latest'), 'repository:library/other:pull')
  })

  test('for pulling is not good for pushing', async ({ registry, imageName }) => {
    await pushImage(registry.oci, imageName, image(), 'latest')
    const client = await clientFor(registry, `repository:${imageName}:pull`)
    expect((await client.get(`/v2/${imageName}/manifests/latest`)).status).toBe(200)
    expectChallenge(await client.post(`/v2/${imageName}/blobs/uploads/`), `repository:${imageName}:pull,push`)
    const location = await startUpload(registry.oci, imageName)
    for (const method of ['GET', 'PATCH', 'PUT', 'DELETE']) {
      expect((await client.ask(method, location)).status).toBeOneOf([400, 401])
    }
    expect((await registry.oci.get(location)).status).toBe(204)
  })

  test('for pushing is not good for pulling what is private', async ({ registry, imageName }) => {
    await pushImage(registry.oci, imageName, image(), 'latest')
    await registry.app.identities.repositories.change(imageName, { isPrivate: true })
    const client = await clientFor(registry, `repository:${imageName}:push`)
    expectChallenge(await client.get(`/v2/${imageName}/manifests/latest`), `repository:${imageName}:pull`)
  })

  test('buys no wider token', async ({ registry, imageName }) => {
    const narrow = await clientFor(registry, `repository:${imageName}:pull`)
    for (const query of [
      '',
      '?scope=aws',
      `?scope=repository:${imageName}:pull,push`,
      '?scope=repository:library/other:pull',
    ]) {
      const { token } = jsonOf(await narrow.get(`/token/${query}`)) as Token
      const client = registry.anonymous.as(`Bearer ${token}`)
      expect((await client.post(`/v2/${imageName}/blobs/uploads/`)).status).toBe(401)
    }
  })

  test('that does not reach the source of a mount still uploads', async ({ registry, imageName }) => {
    const blob = randomContent()
    await pushBlob(registry.oci, 'library/source', blob)
    await registry.app.identities.repositories.change('library/source', { isPrivate: true })
    const client = await clientFor(registry, `repository:${imageName}:pull,push`)
    const path = `/v2/${imageName}/blobs/uploads/?mount=${blob.digest}&from=library/source`
    expect((await client.post(path)).status).toBe(202)
  })
})

describe('scopes', () => {
  test.for<[string, string[]]>([
    ['one parameter for each', ['repository:library/a:pull,push', 'repository:library/b:pull,push']],
    ['several in one parameter', ['repository:library/a:pull,push repository:library/b:push,pull']],
    ['with the one of ECR beside it', ['aws', 'repository:library/a:pull,push', 'repository:library/b:*']],
    ['with those of other kinds beside it', ['registry:catalog:*', 'repository:library/a:*', 'repository:library/b:*']],
    ['of a class', ['repository(plugin):library/a:pull,push', 'repository:library/b:push,pull,delete']],
  ])('may come as %s', async ([, scopes], { registry }) => {
    const client = await clientFor(registry, ...scopes)
    await pushImage(client, 'library/a', image(), 'latest')
    await pushBlob(client, 'library/b', randomContent())
    expect((await client.post('/v2/library/c/blobs/uploads/')).status).toBe(401)
  })

  test.for(['', 'aws', 'aws aws'])('"%s" stands for everything', async (scope, { registry, imageName }) => {
    await pushImage(await clientFor(registry, scope), imageName, image(), 'latest')
  })

  test.for([
    'nonsense',
    'repository:library/a',
    'repository:::',
    'registry:catalog:*',
    `repository:${'a'.repeat(400)}:pull`,
  ])('"%s" alone stands for nothing', async (scope, { registry, imageName }) => {
    const client = await clientFor(registry, scope)
    expect((await client.get('/v2/')).status).toBe(200)
    expect((await client.post(`/v2/${imageName}/blobs/uploads/`)).status).toBe(401)
  })
})

/** A client with a token of the administrator's, narrowed to these scopes. */
async function clientFor(registry: TestRegistry, ...scopes: string[]): Promise<OciClient> {
  const { authorizationToken } = await registry.login()
  const query = new URLSearchParams(scopes.map((scope): [string, string] => ['scope', scope]))
  const answer = await registry.anonymous.as(`Basic ${authorizationToken}`).get(`/token/?${query}`)
  expectStatus(200, answer)
  return registry.anonymous.as(`Bearer ${(jsonOf(answer) as Token).token}`)
}

function expectChallenge(answer: Answer, scope: string): void {
  expect([answer.status, errorCodes(answer)]).toEqual([401, ['UNAUTHORIZED']])
  expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="http[^"]*\/token\/",service="[^"]*",scope="/)
  expect(answer.headers.get('www-authenticate')).toContain(`scope="${scope}"`)
}
