import { CreateRepositoryCommand } from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { randomContent } from '../../support/images.ts'
import { pushBlob } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry().extend('blob', async ({ registry }) => {
  const blob = randomContent()
  await pushBlob(registry.oci, 'library/source', blob)
  return blob
})

describe('a blob that the pusher may read', () => {
  test('is mounted from another repository', async ({ registry, imageName, blob }) => {
    const answer = await registry.oci.post(mountPath(imageName, blob.digest, 'library/source'))
    expect([answer.status, answer.bytes.length]).toEqual([201, 0])
    expect(answer.headers.get('location')).toBe(`/v2/${imageName}/blobs/${blob.digest}`)
    expect(answer.headers.get('docker-content-digest')).toBe(blob.digest)
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })

  test('is mounted from wherever it is, where no source is given (regctl)', async ({ registry, imageName, blob }) => {
    const answer = await registry.oci.post(`/v2/${imageName}/blobs/uploads/?mount=${blob.digest}`)
    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, blob.digest])
  })

  test('is mounted again with success', async ({ registry, imageName, blob }) => {
    for (const from of ['library/source', 'library/source', imageName]) {
      expect((await registry.oci.post(mountPath(imageName, blob.digest, from))).status).toBe(201)
    }
  })

  test('is mounted from the registry of another account', async ({ registry, blob }) => {
    const key = await registry.addAccount({ id: '111122223333', alias: 'neighbour' })
    const neighbour = registry.anonymous.as(`Bearer ${(await registry.login(key)).password}`)
    await registry.ecrAs(key).send(new CreateRepositoryCommand({ repositoryName: 'app' }))
    expect((await neighbour.post(mountPath('neighbour/app', blob.digest, 'library/source'))).status).toBe(201)
    expect((await registry.anonymous.get(`/v2/neighbour/app/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })

  test('makes the repository that it is mounted into', async ({ registry, blob }) => {
    expect((await registry.oci.post(mountPath('library/made/by-mount', blob.digest, 'library/source'))).status).toBe(
      201,
    )
    expect((await registry.anonymous.get(`/v2/library/made/by-mount/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })
})

describe('an upload begins instead', () => {
  test.for([
    ['where the source does not have it', (digest: string) => `mount=${digest}&from=library/other`],
    ['where there is no such repository', (digest: string) => `mount=${digest}&from=library/no/such`],
    ['where there is no such registry', (digest: string) => `mount=${digest}&from=nobody/app`],
    ['where the source cannot be a name', (digest: string) => `mount=${digest}&from=source`],
    ['where the source is an attack', (digest: string) => `mount=${digest}&from=../../library/source`],
    ['where no blob is given', () => 'from=library/source'],
  ] as const)('%s', async ([, queryFor], { registry, imageName, blob }) => {
    await pushBlob(registry.oci, 'library/other', randomContent())
    const answer = await registry.oci.post(`/v2/${imageName}/blobs/uploads/?${queryFor(blob.digest)}`)
    expect(answer.status).toBe(202)
    expect((await registry.anonymous.head(`/v2/${imageName}/blobs/${blob.digest}`)).status).toBe(404)
    const finished = await registry.oci.put(`${answer.headers.get('location')}?digest=${blob.digest}`, blob.bytes)
    expect(finished.status).toBe(201)
  })

  test("where the source is private and another account's", async ({ registry, imageName }) => {
    const key = await registry.addAccount({ id: '444455556666', alias: 'hermit' })
    const hermit = registry.anonymous.as(`Bearer ${(await registry.login(key)).password}`)
    await registry.ecrAs(key).send(new CreateRepositoryCommand({ repositoryName: 'secret' }))
    const blob = randomContent()
    await pushBlob(hermit, 'hermit/secret', blob)
    await registry.app.identities.repositories.change('hermit/secret', { isPrivate: true })
    for (const query of [`mount=${blob.digest}&from=hermit/secret`, `mount=${blob.digest}`]) {
      expect((await registry.oci.post(`/v2/${imageName}/blobs/uploads/?${query}`)).status).toBe(202)
    }
    expect((await registry.oci.head(`/v2/${imageName}/blobs/${blob.digest}`)).status).toBe(404)
  })
})

test('mounting is pushing: nobody mounts who may not push', async ({ registry, imageName, blob }) => {
  const path = mountPath(imageName, blob.digest, 'library/source')
  expect((await registry.anonymous.post(path)).status).toBe(401)
  const stranger = await registry.login(await registry.addUser('stranger'))
  expect((await registry.anonymous.as(`Bearer ${stranger.password}`).post(path)).status).toBe(403)
})

test('a digest that is none is refused', async ({ registry, imageName }) => {
  expect((await registry.oci.post(mountPath(imageName, 'sha256:abc', 'library/source'))).status).toBe(400)
})

function mountPath(imageName: string, digest: string, from: string): string {
  return `/v2/${imageName}/blobs/uploads/?mount=${digest}&from=${from}`
}
