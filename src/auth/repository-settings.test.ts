import { describe, expect } from 'vitest'

import { testWithRegistry } from '../../test/support/registry-test.ts'

const test = testWithRegistry().extend('repositories', ({ registry }) => registry.app.identities.repositories)

const text = JSON.stringify({ Statement: { Effect: 'Allow', Principal: '*', Action: 'ecr-public:PutImage' } })

describe('a repository', () => {
  test('is public, with tags that move and no policy, at first', async ({
    repositories,
    imageName,
    repositoryName,
    registry,
  }) => {
    const { accountId } = registry
    const fresh = { accountId, name: repositoryName, isPrivate: false, hasImmutableTags: false, policy: undefined }
    expect(await repositories.get(imageName)).toEqual(fresh)
    expect(await repositories.get(`${accountId}/${repositoryName}`)).toEqual(fresh)
    expect(await repositories.list(undefined)).toContainEqual(fresh)
  })

  test('keeps what is not changed', async ({ repositories, imageName }) => {
    expect(await repositories.change(imageName, { isPrivate: true })).toMatchObject({
      isPrivate: true,
      hasImmutableTags: false,
    })
    expect(await repositories.change(imageName, { hasImmutableTags: true })).toMatchObject({ isPrivate: true })
    expect(await repositories.change(imageName, { isPrivate: false })).toMatchObject({ hasImmutableTags: true })
    expect(await repositories.get(imageName)).toMatchObject({ isPrivate: false, hasImmutableTags: true })
  })

  test('that is private from now on is not there for strangers', async ({ registry, repositories, imageName }) => {
    const tags = () => registry.anonymous.get(`/v2/${imageName}/tags/list`)
    expect((await tags()).status).toBe(200)
    await repositories.change(imageName, { isPrivate: true })
    expect((await tags()).status).toBe(401)
  })

  test('has the policy that was put, until it is deleted', async ({ repositories, imageName }) => {
    expect(await repositories.putPolicy(imageName, text)).toMatchObject({ policy: text })
    expect(await repositories.get(imageName)).toMatchObject({ policy: text })
    expect(await repositories.deletePolicy(imageName)).toMatchObject({ policy: undefined })
    await expect(repositories.deletePolicy(imageName)).rejects.toMatchObject({ code: 'RepositoryPolicyUnknown' })
  })

  test('takes no policy that cannot be read', async ({ repositories, imageName }) => {
    const put = repositories.putPolicy(imageName, '{"Statement":{"Effect":"Allow","Action":"*","Resource":"*"}}')
    await expect(put).rejects.toMatchObject({ code: 'PolicyInvalid', facts: { path: 'Statement[0]' } })
    expect(await repositories.get(imageName)).toMatchObject({ policy: undefined })
  })
})

test.for(['library/absent', 'nobody/app', 'app', '', '/', 'library/', '000000000000/absent', 'library/../app'])(
  '%j is no repository',
  async (name, { repositories }) => {
    const refusal = { code: 'RepositoryUnknown', facts: { repository: name } }
    await expect(repositories.get(name)).rejects.toMatchObject(refusal)
    await expect(repositories.change(name, {})).rejects.toMatchObject(refusal)
    await expect(repositories.putPolicy(name, text)).rejects.toMatchObject(refusal)
    await expect(repositories.deletePolicy(name)).rejects.toMatchObject(refusal)
  },
)
