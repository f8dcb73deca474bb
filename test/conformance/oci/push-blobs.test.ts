import { describe, expect } from 'vitest'

import { type Answer, streamOf } from '../../support/answer.ts'
import { type Content, content, randomContent, sha256, sha512 } from '../../support/images.ts'
import { errorCodes, type OciClient } from '../../support/oci-client.ts'
import { startUpload } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

const octets = { 'content-type': 'application/octet-stream' }

/** How clients push a blob (OCI distribution-spec 1.1, "Pushing blobs"). Each gives the answer that ends the push. */
const shapes: [string, (oci: OciClient, name: string, blob: Content) => Promise<Answer>][] = [
  [
    'POST, then PUT with the whole (containerd, Docker 28, oras)',
    async (oci, name, blob) => oci.put(`${await startUpload(oci, name)}?digest=${blob.digest}`, blob.bytes, octets),
  ],
  [
    'POST, then PUT of no announced length',
    async (oci, name, blob) =>
      oci.put(`${await startUpload(oci, name)}?digest=${blob.digest}`, streamOf(...halves(blob.bytes)), octets),
  ],
  [
    'POST, PATCH of no announced length, empty PUT (docker 20, podman, buildah)',
    async (oci, name, blob) => {
      const begun = await oci.patch(await startUpload(oci, name), streamOf(...halves(blob.bytes)), octets)
      expectProgress(begun, blob.size)
      return oci.put(`${begun.headers.get('location')}?digest=${blob.digest}`)
    },
  ],
  [
    'POST, PATCH with a length, empty PUT (skopeo, crane, cosign)',
    async (oci, name, blob) => {
      const begun = await oci.patch(await startUpload(oci, name), blob.bytes, octets)
      expectProgress(begun, blob.size)
      return oci.put(`${begun.headers.get('location')}?digest=${blob.digest}`)
    },
  ],
  [
    'POST, PATCHes with Content-Range, empty PUT (regctl)',
    async (oci, name, blob) => {
      let location = await startUpload(oci, name)
      let offset = 0
      for (const half of halves(blob.bytes)) {
        const range = `${offset}-${offset + half.length - 1}`
        const begun = await oci.patch(location, half, { ...octets, 'content-range': range })
        offset += half.length
        expectProgress(begun, offset)
        location = begun.headers.get('location')!
      }
      return oci.put(`${location}?digest=${blob.digest}`)
    },
  ],
  [
    'POST, PATCH, and the rest in the PUT, with Content-Range',
    async (oci, name, blob) => {
      const [first, last] = halves(blob.bytes)
      const begun = await oci.patch(await startUpload(oci, name), first, octets)
      const range = `${first.length}-${blob.size - 1}`
      const location = begun.headers.get('location')
      return oci.put(`${location}?digest=${blob.digest}`, last, { ...octets, 'content-range': range })
    },
  ],
  [
    'POST with the whole',
    async (oci, name, blob) => oci.post(`/v2/${name}/blobs/uploads/?digest=${blob.digest}`, blob.bytes, octets),
  ],
  [
    'POST without the slash at its end',
    async (oci, name, blob) => oci.post(`/v2/${name}/blobs/uploads?digest=${blob.digest}`, blob.bytes, octets),
  ],
]

const blobs: [string, () => Content][] = [
  ['of 1,000 bytes', () => randomContent(1000)],
  ['of a MiB and a byte', () => randomContent(1024 * 1024 + 1)],
  ['of two bytes', () => content('{}')],
  ['called by its SHA-512', () => bySha512(randomContent(1000))],
]

describe.for(shapes)('%s', ([, push]) => {
  test.for(blobs)('a blob %s', async ([, make], { registry, imageName }) => {
    const blob = make()
    const answer = await push(registry.oci, imageName, blob)
    expect(answer.status).toBe(201)
    expect(answer.headers.get('docker-content-digest')).toBe(blob.digest)
    expect(answer.headers.get('location')).toBe(`/v2/${imageName}/blobs/${blob.digest}`)
    const pulled = await registry.anonymous.get(answer.headers.get('location')!)
    expect(pulled.status).toBe(200)
    expect(pulled.bytes.equals(blob.bytes)).toBe(true)
  })
})

describe('an empty blob', () => {
  const empty = content('')
  test.for(shapes.filter(([shape]) => !shape.includes('Content-Range')))(
    '%s',
    async ([, push], { registry, imageName }) => {
      expect((await push(registry.oci, imageName, empty)).status).toBe(201)
      const pulled = await registry.anonymous.get(`/v2/${imageName}/blobs/${empty.digest}`)
      expect([pulled.status, pulled.headers.get('content-length'), pulled.bytes.length]).toEqual([200, '0', 0])
    },
  )
})

describe('the start of an upload', () => {
  test('says where its bytes go', async ({ registry, imageName }) => {
    const { status, headers, bytes } = await registry.oci.post(`/v2/${imageName}/blobs/uploads/`)
    const id = headers.get('docker-upload-uuid')
    expect([status, bytes.length]).toEqual([202, 0])
    expect(headers.get('location')).toBe(`/v2/${imageName}/blobs/uploads/${id}`)
    expect(headers.get('range')).toBe('0-0')
  })

  test('gives every upload an id of its own', async ({ registry, imageName }) => {
    const locations = await Promise.all(Array.from({ length: 20 }, () => startUpload(registry.oci, imageName)))
    expect(new Set(locations).size).toBe(20)
  })
})

describe('the digest', () => {
  test('has to be right, and the upload goes on when it was not', async ({ registry, imageName }) => {
    const blob = randomContent()
    const location = await startUpload(registry.oci, imageName)
    await registry.oci.patch(location, blob.bytes)
    for (const wrong of [sha256('other'), sha512('other')]) {
      const refused = await registry.oci.put(`${location}?digest=${wrong}`)
      expect([refused.status, errorCodes(refused)]).toEqual([400, ['DIGEST_INVALID']])
      expect((await registry.anonymous.head(`/v2/${imageName}/blobs/${wrong}`)).status).toBe(404)
    }
    expect((await registry.oci.put(`${location}?digest=${blob.digest}`)).status).toBe(201)
  })

  test('of bytes that came with the PUT has to be right, and they can be sent again', async ({
    registry,
    imageName,
  }) => {
    const [blob, other] = [randomContent(500), randomContent(400)]
    const location = await startUpload(registry.oci, imageName)
    expect((await registry.oci.put(`${location}?digest=${blob.digest}`, other.bytes)).status).toBe(400)
    expect((await registry.oci.put(`${location}?digest=${blob.digest}`, blob.bytes)).status).toBe(201)
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })

  test.for(['', '?digest=', '?digest=sha256:abc', '?digest=md5:d41d8cd98f00b204e9800998ecf8427e', '?digest=latest'])(
    'has to be one: "%s"',
    async (query, { registry, imageName }) => {
      const location = await startUpload(registry.oci, imageName)
      const refused = await registry.oci.put(location + query, Buffer.from('bytes'))
      expect([refused.status, errorCodes(refused)]).toEqual([400, ['DIGEST_INVALID']])
    },
  )

  test('of a POST has to be right, or nothing is kept', async ({ registry, imageName }) => {
    const path = `/v2/${imageName}/blobs/uploads/?digest=${sha256('other')}`
    const refused = await registry.oci.post(path, randomContent().bytes)
    expect([refused.status, errorCodes(refused)]).toEqual([400, ['DIGEST_INVALID']])
    expect((await registry.anonymous.head(`/v2/${imageName}/blobs/${sha256('other')}`)).status).toBe(404)
  })
})

describe('again', () => {
  test('a PUT whose answer was lost succeeds once more', async ({ registry, imageName }) => {
    const blob = randomContent()
    const location = await startUpload(registry.oci, imageName)
    const path = `${location}?digest=${blob.digest}`
    const [first, second, third] = [
      await registry.oci.put(path, blob.bytes),
      await registry.oci.put(path, blob.bytes),
      await registry.oci.put(path),
    ]
    for (const answer of [first, second, third]) {
      expect(answer.status).toBe(201)
      expect(answer.headers.get('location')).toBe(`/v2/${imageName}/blobs/${blob.digest}`)
    }
  })

  test('a blob that is there already is pushed with success', async ({ registry, imageName }) => {
    const blob = randomContent()
    for (const [, push] of shapes) expect((await push(registry.oci, imageName, blob)).status).toBe(201)
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })

  test('a finished upload is no more', async ({ registry, imageName }) => {
    const blob = randomContent()
    const location = await startUpload(registry.oci, imageName)
    await registry.oci.put(`${location}?digest=${blob.digest}`, blob.bytes)
    for (const method of ['GET', 'PATCH', 'DELETE']) {
      const answer = await registry.oci.ask(method, location, method === 'PATCH' ? { body: Buffer.from('more') } : {})
      expect([answer.status, errorCodes(answer)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    }
    const other = await registry.oci.put(`${location}?digest=${sha256('other')}`, Buffer.from('other'))
    expect([other.status, errorCodes(other)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
  })

  test('many push the same blob at once, and all succeed', async ({ registry, imageName }) => {
    const blob = randomContent(5000)
    const answers = await Promise.all(
      Array.from({ length: 24 }, (_, number) => shapes[number % shapes.length]![1](registry.oci, imageName, blob)),
    )
    expect(answers.map((answer) => answer.status)).toEqual(Array(24).fill(201))
    await registry.app.registry.sweep.passUntilDone()
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })
})

/** What a chunk is answered with: how far the upload has come. */
function expectProgress(answer: Answer, bytes: number): void {
  expect([answer.status, answer.bytes.length]).toEqual([202, 0])
  expect(answer.headers.get('range')).toBe(`0-${Math.max(0, bytes - 1)}`)
  expect(answer.headers.get('location')).toMatch(/^\/v2\/.*\/blobs\/uploads\/[0-9a-f-]{36}$/)
}

function halves(bytes: Buffer): [Buffer, Buffer] {
  const middle = Math.ceil(bytes.length / 2)
  return [bytes.subarray(0, middle), bytes.subarray(middle)]
}

function bySha512(blob: Content): Content {
  return { ...blob, digest: sha512(blob.bytes) }
}
