import { describe, expect } from 'vitest'

import type { Answer } from '../../support/answer.ts'
import { content, image, randomContent, sha256, sha512 } from '../../support/images.ts'
import { errorCodes } from '../../support/oci-client.ts'
import { pushBlob, pushImage } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const inMemory = testWithRegistry()
const onDisk = testWithRegistry({ isOnDisk: true })

const blob = randomContent(10_000)

describe.for([
  ['in memory', inMemory],
  ['on disk', onDisk],
] as const)('%s, a blob', ([, test]) => {
  test('comes whole, with all that is known of it', async ({ registry, imageName }) => {
    await pushBlob(registry.oci, imageName, blob)
    const answer = await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)
    expect(answer.status).toBe(200)
    expect(answer.bytes.equals(blob.bytes)).toBe(true)
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'content-type': 'application/octet-stream',
      'content-length': '10000',
      'docker-content-digest': blob.digest,
      'accept-ranges': 'bytes',
      etag: `"${blob.digest}"`,
    })
    expect(answer.headers.has('content-range')).toBe(false)
  })

  test('is described by HEAD as GET would answer', async ({ registry, imageName }) => {
    await pushBlob(registry.oci, imageName, blob)
    const path = `/v2/${imageName}/blobs/${blob.digest}`
    const [head, get] = [await registry.anonymous.head(path), await registry.anonymous.get(path)]
    expect([head.status, head.bytes.length]).toEqual([200, 0])
    const headers = factsIn(get)
    expect(Object.fromEntries(head.headers)).toMatchObject(headers)
  })

  test.for([
    ['its beginning', 'bytes=0-99', 0, 99],
    ['its middle', 'bytes=5000-5000', 5000, 5000],
    ['from somewhere on', 'bytes=9000-', 9000, 9999],
    ['from its first byte on', 'bytes=0-', 0, 9999],
    ['its end', 'bytes=-100', 9900, 9999],
    ['more of its end than there is', 'bytes=-20000', 0, 9999],
    ['beyond its end', 'bytes=9999-20000', 9999, 9999],
    ['with white space', ' bytes=1-2 ', 1, 2],
  ] as const)('can be had in part: %s', async ([, range, first, last], { registry, imageName }) => {
    await pushBlob(registry.oci, imageName, blob)
    const answer = await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`, { range })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(`bytes ${first}-${last}/10000`)
    expect(answer.headers.get('content-length')).toBe(String(last - first + 1))
    expect(answer.bytes.equals(blob.bytes.subarray(first, last + 1))).toBe(true)
  })

  test.for(['bytes=10000-', 'bytes=10000-10001', 'bytes=-0', 'bytes=5-2', 'bytes=9007199254740993-'])(
    'has nothing in the range %s',
    async (range, { registry, imageName }) => {
      await pushBlob(registry.oci, imageName, blob)
      const answer = await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`, { range })
      expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */10000'])
      expect(errorCodes(answer)).toHaveLength(1)
    },
  )

  test.for(['bytes=a-b', 'lines=0-5', 'bytes=', 'bytes=-', 'bytes=0-5,3-9', 'bytes 0-5', 'bytes=0x0-0x5'])(
    'comes whole where the range is none: %s',
    async (range, { registry, imageName }) => {
      await pushBlob(registry.oci, imageName, blob)
      const answer = await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`, { range })
      expect([answer.status, answer.bytes.length]).toEqual([200, 10_000])
    },
  )

  test('of no bytes has no range', async ({ registry, imageName }) => {
    const empty = content('')
    await pushBlob(registry.oci, imageName, empty)
    const path = `/v2/${imageName}/blobs/${empty.digest}`
    expect((await registry.anonymous.get(path, { range: 'bytes=0-' })).status).toBe(416)
    expect((await registry.anonymous.head(path)).headers.get('content-length')).toBe('0')
  })
})

describe('a blob is served from a repository', () => {
  inMemory('only if that repository has it, however well it is stored', async ({ registry, imageName }) => {
    const { oci, anonymous } = registry
    await pushBlob(oci, 'library/elsewhere', blob)
    for (const client of [oci, anonymous]) {
      const path = `/v2/${imageName}/blobs/${blob.digest}`
      const answer = await client.get(path)
      expect([answer.status, errorCodes(answer)]).toEqual([404, ['BLOB_UNKNOWN']])
      expect((await client.head(path)).status).toBe(404)
      expect((await client.get(path, { range: 'bytes=0-1' })).status).toBe(404)
    }
  })

  inMemory('under the digest it was pushed by', async ({ registry, imageName }) => {
    await pushBlob(registry.oci, imageName, blob)
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${sha512(blob.bytes)}`)).status).toBe(404)
  })

  inMemory('if it is a blob, and not a manifest', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed)
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${pushed.digest}`)).status).toBe(404)
    expect((await registry.anonymous.get(`/v2/${imageName}/manifests/${pushed.blobs[0]!.digest}`)).status).toBe(404)
  })
})

inMemory('a private repository is unknown to those who may not read it', async ({ registry, imageName }) => {
  const pushed = image()
  await pushImage(registry.oci, imageName, pushed, 'latest')
  await registry.app.identities.repositories.change(imageName, { isPrivate: true })
  const stranger = registry.anonymous.as(
    `Bearer ${(await registry.login(await registry.addUser('stranger'))).password}`,
  )
  for (const path of [
    'manifests/latest',
    `manifests/${pushed.digest}`,
    `blobs/${pushed.blobs[0]!.digest}`,
    'tags/list',
  ]) {
    expect((await registry.anonymous.get(`/v2/${imageName}/${path}`)).status).toBe(401)
    const answer = await stranger.get(`/v2/${imageName}/${path}`)
    expect([answer.status, errorCodes(answer)]).toEqual([404, ['NAME_UNKNOWN']])
    expect((await registry.oci.get(`/v2/${imageName}/${path}`)).status).toBe(200)
  }
  const mount = `/v2/library/thief/blobs/uploads/?mount=${sha256('x')}&from=${imageName}`
  expect((await registry.oci.post(mount)).status).toBe(202)
})

/** An answer's headers without those of its connection. */
function factsIn(answer: Answer): Record<string, string> {
  const { date, connection, 'keep-alive': keepAlive, ...headers } = Object.fromEntries(answer.headers)
  return headers
}
