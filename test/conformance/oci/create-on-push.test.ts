import { DescribeRepositoriesCommand } from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { image, manifestOf, randomContent } from '../../support/images.ts'
import { errorCodes, type OciClient } from '../../support/oci-client.ts'
import { asPulled, pullImage, pushImage, putManifest } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

describe('the first push of the administrator', () => {
  test('makes the repository', async ({ registry }) => {
    const pushed = image()
    await pushImage(registry.oci, 'library/made/by-push', pushed, 'latest')
    expect(await pullImage(registry.anonymous, 'library/made/by-push', pushed, 'latest')).toEqual(asPulled(pushed))
    expect(await repositoryNames(registry)).toContain('made/by-push')
  })

  test('claims an alias that nobody has', async ({ registry }) => {
    const pushed = image()
    await pushImage(registry.oci, 'brand-new/app', pushed, 'latest')
    expect(await pullImage(registry.anonymous, 'brand-new/app', pushed, 'latest')).toEqual(asPulled(pushed))
    // It is another name of the same registry, whose first one stays on its URIs.
    expect(await pullImage(registry.anonymous, 'library/app', pushed, 'latest')).toEqual(asPulled(pushed))
    const { repositories } = await registry.ecr.send(new DescribeRepositoriesCommand({ repositoryNames: ['app'] }))
    expect(repositories?.[0]?.repositoryUri).toBe(`${registry.host}/library/app`)
  })

  test('makes one repository, however many layers come at once', async ({ registry }) => {
    const pushed = image({ layers: Array.from({ length: 12 }, () => randomContent()) })
    await pushImage(registry.oci, 'at-once/app', pushed, 'latest')
    expect(await pullImage(registry.anonymous, 'at-once/app', pushed, 'latest')).toEqual(asPulled(pushed))
  })

  test('claims an alias for what the registry has already under another', async ({ registry }) => {
    const pushed = image()
    await pushImage(registry.oci, 'library/twice', pushed, 'one')
    await pushImage(registry.oci, 'other-alias/twice', pushed, 'two')
    expect(await pullImage(registry.anonymous, 'library/twice', pushed, 'two')).toEqual(asPulled(pushed))
  })

  test('may be of a manifest that needs nothing', async ({ registry }) => {
    const pushed = manifestOf('{}', 'application/vnd.example.thing+json')
    expect((await putManifest(registry.oci, 'library/from-manifest', pushed, 'latest')).status).toBe(201)
  })

  test.for([
    ['a path of our own', 'token/app', 404, 'NAME_UNKNOWN'],
    ['a name that could be an account id', '123456789012/app', 400, 'NAME_INVALID'],
    ['a name without a registry', 'app', 400, 'NAME_INVALID'],
    ['capitals', 'library/App', 400, 'NAME_INVALID'],
    ['an alias that is too long', `${'a'.repeat(51)}/app`, 400, 'NAME_INVALID'],
    ['a repository name that is too long', `library/${'a'.repeat(206)}`, 400, 'NAME_INVALID'],
  ] as const)('cannot be to %s', async ([, name, status, code], { registry }) => {
    const answer = await registry.oci.post(`/v2/${name}/blobs/uploads/`)
    expect([answer.status, errorCodes(answer)]).toEqual([status, [code]])
  })
})

describe('a push that is refused makes nothing', () => {
  test.for<[string, (oci: OciClient, name: string) => Promise<unknown>]>([
    ['of no manifest', (oci, name) => putManifest(oci, name, manifestOf('hello'), 'latest')],
    ['of a manifest under a bad tag', (oci, name) => putManifest(oci, name, image(), '.bad')],
    [
      'of a manifest under a digest of something else',
      (oci, name) => putManifest(oci, name, { ...image(), digest: image().digest }),
    ],
    ['of a manifest without its layers', (oci, name) => putManifest(oci, name, image(), 'latest')],
    ['of a blob with a bad digest', (oci, name) => oci.post(`/v2/${name}/blobs/uploads/?digest=sha256:abc`)],
    ['to mount a bad digest', (oci, name) => oci.post(`/v2/${name}/blobs/uploads/?mount=latest&from=library/x`)],
    [
      'to an upload that there is not',
      (oci, name) => oci.patch(`/v2/${name}/blobs/uploads/${crypto.randomUUID()}`, 'x'),
    ],
    ['of somebody without permissions', async (oci, name) => oci.as(undefined).post(`/v2/${name}/blobs/uploads/`)],
  ])('%s', async ([, push], { registry }) => {
    const name = `claimed-${++claims}/app-${claims}`
    await push(registry.oci, name)
    expect(await repositoryNames(registry)).not.toContain(`app-${claims}`)
    const answer = await registry.oci.get(`/v2/${name}/tags/list`)
    expect([answer.status, errorCodes(answer)]).toEqual([404, ['NAME_UNKNOWN']])
  })
  let claims = 0
})

describe('others make nothing by pushing', () => {
  test('a user without permissions', async ({ registry }) => {
    const { password } = await registry.login(await registry.addUser('stranger'))
    const stranger = registry.anonymous.as(`Bearer ${password}`)
    const here = await stranger.post('/v2/library/strange/blobs/uploads/')
    expect([here.status, errorCodes(here)]).toEqual([403, ['DENIED']])
    const elsewhere = await stranger.post('/v2/strange-alias/app/blobs/uploads/')
    expect([elsewhere.status, errorCodes(elsewhere)]).toEqual([404, ['NAME_UNKNOWN']])
  })

  test('the owner of a registry that has it off, as ECR Public has it', async ({ registry }) => {
    const key = await registry.addAccount({ id: '111122223333', alias: 'strict' })
    const owner = registry.anonymous.as(`Bearer ${(await registry.login(key)).password}`)
    const answer = await owner.post('/v2/strict/app/blobs/uploads/')
    expect([answer.status, errorCodes(answer)]).toEqual([404, ['NAME_UNKNOWN']])
    const stolen = await owner.post('/v2/library/app/blobs/uploads/')
    expect(stolen.status).toBe(403)
  })
})

async function repositoryNames({ ecr }: TestRegistry): Promise<(string | undefined)[]> {
  const { repositories = [] } = await ecr.send(new DescribeRepositoriesCommand({ maxResults: 1000 }))
  return repositories.map((repository) => repository.repositoryName)
}
