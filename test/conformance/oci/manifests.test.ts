import { describe, expect } from 'vitest'

import type { Answer } from '../../support/answer.ts'
import {
  artifact,
  content,
  image,
  index,
  manifestOf,
  mediaTypes,
  randomContent,
  sha256,
  sha512,
} from '../../support/images.ts'
import { errorCodes, errorMessages } from '../../support/oci-client.ts'
import { asPulled, pullImage, pushBlob, pushImage, putManifest } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

describe('every kind of manifest is pulled as it was pushed, by tag and by digest', () => {
  test.for([
    ['an OCI image', () => image()],
    ['a Docker image', () => image({ format: 'docker' })],
    ['an OCI index', () => index([image(), image()])],
    ['a Docker manifest list', () => index([image({ format: 'docker' })], { format: 'docker' })],
    ['an artifact about an image', () => artifact({ subject: image() })],
    [
      'an image with spaces and a line feed at its end',
      () => image({ write: (it) => `${JSON.stringify(it, null, 2)}\n` }),
    ],
    ['a web page', () => manifestOf('{"script":"<script>alert(1)</script>"}', 'text/html')],
  ] as const)('%s', async ([, build], { registry, imageName }) => {
    const pushed = build()
    await pushImage(registry.oci, imageName, pushed, 'latest')
    expect(await pullImage(registry.anonymous, imageName, pushed, 'latest')).toEqual(asPulled(pushed))
    expect(await pullImage(registry.anonymous, imageName, pushed)).toEqual(asPulled(pushed))
  })
})

describe('a manifest', () => {
  test('is answered with its digest and its place', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed)
    for (const reference of ['v1', pushed.digest]) {
      const { status, headers, bytes } = await putManifest(registry.oci, imageName, pushed, reference)
      expect([status, bytes.length]).toEqual([201, 0])
      expect(headers.get('location')).toBe(`/v2/${imageName}/manifests/${pushed.digest}`)
      expect(headers.get('docker-content-digest')).toBe(pushed.digest)
    }
  })

  test('is described by HEAD as GET would answer', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed, 'v1')
    for (const reference of ['v1', pushed.digest]) {
      const path = `/v2/${imageName}/manifests/${reference}`
      const [head, get] = [await registry.anonymous.head(path), await registry.anonymous.get(path)]
      const headers = factsIn(get)
      expect(Object.fromEntries(head.headers)).toMatchObject(headers)
      expect(headers).toMatchObject({
        'content-type': pushed.mediaType,
        'content-length': String(pushed.size),
        'docker-content-digest': pushed.digest,
      })
      expect([head.status, head.bytes.length]).toEqual([200, 0])
    }
  })

  test.for(['application/vnd.docker.distribution.manifest.v1+json', 'text/plain', '*/*', ''])(
    'is never converted, whatever is accepted: %s',
    async (accept, { registry, imageName }) => {
      const pushed = image()
      await pushImage(registry.oci, imageName, pushed, 'v1')
      const answer = await registry.anonymous.get(`/v2/${imageName}/manifests/v1`, { accept })
      expect(answer.bytes).toEqual(pushed.bytes)
      expect(answer.headers.get('content-type')).toBe(pushed.mediaType)
    },
  )

  test('may be pushed by its SHA-512, and is pulled by it', async ({ registry, imageName }) => {
    const pushed = image()
    await Promise.all(pushed.blobs.map((blob) => pushBlob(registry.oci, imageName, blob)))
    const digest = sha512(pushed.bytes)
    const answer = await putManifest(registry.oci, imageName, { ...pushed, digest })
    expect([answer.status, answer.headers.get('docker-content-digest')]).toEqual([201, digest])
    expect(await pullImage(registry.anonymous, imageName, pushed, digest)).toMatchObject({
      digest,
      bytes: pushed.bytes,
    })
  })

  test('may refer to blobs by their SHA-512', async ({ registry, imageName }) => {
    const blob = randomContent()
    const config = { ...blob, digest: sha512(blob.bytes), mediaType: mediaTypes.ociConfig }
    await pushImage(registry.oci, imageName, image({ config, layers: [] }), 'latest')
  })

  test('that names its media type only in Content-Type is served with it', async ({ registry, imageName }) => {
    const pushed = image({ members: { mediaType: undefined } })
    await pushImage(registry.oci, imageName, pushed, 'mute')
    expect((await registry.anonymous.get(`/v2/${imageName}/manifests/mute`)).headers.get('content-type')).toBe(
      mediaTypes.ociManifest,
    )
  })

  test('moves its tag, and stays under its digest', async ({ registry, imageName }) => {
    const [old, young] = [image(), image()]
    await pushImage(registry.oci, imageName, old, 'latest')
    await pushImage(registry.oci, imageName, young, 'latest')
    expect(await pullImage(registry.anonymous, imageName, young, 'latest')).toEqual(asPulled(young))
    expect(await pullImage(registry.anonymous, imageName, old)).toEqual(asPulled(old))
  })
})

describe('is refused', () => {
  test('a manifest whose blobs are not there', async ({ registry, imageName }) => {
    const pushed = image()
    const answer = await putManifest(registry.oci, imageName, pushed, 'latest')
    expect([answer.status, errorCodes(answer)]).toEqual([400, ['MANIFEST_BLOB_UNKNOWN']])
    for (const blob of pushed.blobs) expect(errorMessages(answer)[0]).toContain(blob.digest)
  })

  test('an index whose images are not there', async ({ registry, imageName }) => {
    const child = image()
    const answer = await putManifest(registry.oci, imageName, index([child]), 'latest')
    expect([answer.status, errorCodes(answer)]).toEqual([400, ['MANIFEST_BLOB_UNKNOWN']])
    expect(errorMessages(answer)[0]).toContain(child.digest)
  })

  test('a manifest under a digest that is not its own', async ({ registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed)
    for (const digest of [sha256('other'), sha512('other')]) {
      const answer = await putManifest(registry.oci, imageName, { ...pushed, digest })
      expect([answer.status, errorCodes(answer)]).toEqual([400, ['DIGEST_INVALID']])
    }
  })

  test.for([
    ['a tag that is too long', 'a'.repeat(129), 'TAG_INVALID'],
    ['a tag that begins with a dot', '.latest', 'TAG_INVALID'],
    ['a tag that begins with a dash', '-latest', 'TAG_INVALID'],
    ['a tag with a plus', 'a+b', 'TAG_INVALID'],
    ['a tag with a space', 'a%20b', 'TAG_INVALID'],
    ['a digest of another kind', 'md5:d41d8cd98f00b204e9800998ecf8427e', 'DIGEST_INVALID'],
    ['a digest that is too short', 'sha256:abc', 'DIGEST_INVALID'],
    ['a digest in capitals', `sha256:${'A'.repeat(64)}`, 'DIGEST_INVALID'],
  ] as const)('%s', async ([, reference, code], { registry, imageName }) => {
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed)
    const put = await putManifest(registry.oci, imageName, pushed, reference)
    expect([put.status, errorCodes(put)]).toEqual([400, [code]])
    const get = await registry.anonymous.get(`/v2/${imageName}/manifests/${reference}`)
    // Under what cannot be a tag there is nothing.
    const isTag = code === 'TAG_INVALID'
    expect([get.status, errorCodes(get)]).toEqual(isTag ? [404, ['MANIFEST_UNKNOWN']] : [400, [code]])
  })

  test.for([
    ['that contradicts the document', mediaTypes.ociIndex],
    ['that is none', 'nonsense'],
    ['of too many parts', 'application/vnd.oci/image/manifest'],
  ] as const)('a media type %s', async ([, mediaType], { registry, imageName }) => {
    const pushed = image()
    await Promise.all(pushed.blobs.map((blob) => pushBlob(registry.oci, imageName, blob)))
    const answer = await putManifest(registry.oci, imageName, { ...pushed, mediaType }, 'latest')
    expect(answer.status).toBe(400)
    expect(errorCodes(answer)[0]).toBeOneOf(['MANIFEST_INVALID', 'UNSUPPORTED'])
  })

  test('no media type at all', async ({ registry, imageName }) => {
    const { bytes } = image({ layers: [], config: content('{}'), members: { mediaType: undefined } })
    await pushBlob(registry.oci, imageName, content('{}'))
    const answer = await registry.oci.put(`/v2/${imageName}/manifests/latest`, bytes)
    expect([answer.status, errorCodes(answer)]).toEqual([400, ['MANIFEST_INVALID']])
  })
})

describe('what is not there', () => {
  test.for([
    ['a tag', 'nope'],
    ['a digest', sha256('nope')],
    ['a digest of SHA-512', sha512('nope')],
  ] as const)('%s', async ([, reference], { registry, imageName }) => {
    const path = `/v2/${imageName}/manifests/${reference}`
    const answer = await registry.anonymous.get(path)
    expect([answer.status, errorCodes(answer)]).toEqual([404, ['MANIFEST_UNKNOWN']])
    expect(errorMessages(answer)).toEqual(['Requested image not found'])
    const head = await registry.anonymous.head(path)
    expect([head.status, head.bytes.length]).toEqual([404, 0])
  })

  test('a repository, and a registry', async ({ registry }) => {
    const missing = await registry.oci.get('/v2/library/no/such/manifests/latest')
    expect([missing.status, errorCodes(missing)]).toEqual([404, ['NAME_UNKNOWN']])
    expect(errorMessages(missing)).toEqual([
      "The repository with name 'no/such' does not exist in the registry with id 'library'",
    ])
    const nobody = await registry.oci.get('/v2/nobody/app/manifests/latest')
    expect([nobody.status, errorCodes(nobody)]).toEqual([404, ['NAME_UNKNOWN']])
  })
})

/** An answer's headers without those of its connection. */
function factsIn(answer: Answer): Record<string, string> {
  const { date, connection, 'keep-alive': keepAlive, ...headers } = Object.fromEntries(answer.headers)
  return headers
}
