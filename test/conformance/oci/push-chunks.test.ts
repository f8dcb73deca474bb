import { describe, expect } from 'vitest'

import { randomContent, sha256 } from '../../support/images.ts'
import { errorCodes } from '../../support/oci-client.ts'
import { startUpload } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry().extend('location', async ({ registry, imageName }) =>
  startUpload(registry.oci, imageName),
)
const smallTest = testWithRegistry({ limits: { layerBytesMax: 1000 } })

describe('the status of an upload', () => {
  test('tells how far it has come', async ({ registry, location }) => {
    for (const bytes of [0, 1, 100, 5000]) {
      if (bytes > 0) await registry.oci.patch(location, Buffer.alloc(bytes))
    }
    const { status, headers, bytes } = await registry.oci.get(location)
    expect([status, bytes.length]).toEqual([204, 0])
    expect(headers.get('range')).toBe('0-5100')
    expect(headers.get('location')).toBe(location)
    expect(headers.get('docker-upload-uuid')).toBe(location.split('/').at(-1))
  })

  test('of one that was just begun is that it has nothing', async ({ registry, location }) => {
    const answer = await registry.oci.get(location)
    expect([answer.status, answer.headers.get('range')]).toEqual([204, '0-0'])
  })

  test('is for those who may push', async ({ registry, location }) => {
    expect((await registry.anonymous.get(location)).status).toBe(401)
  })
})

describe('a chunk that does not fit is refused with the place to go on from', () => {
  test.for([
    ['behind a gap', '200-299'],
    ['over what is there', '50-149'],
    ['sent again', '0-99'],
    ['far away', '9007199254740000-9007199254740099'],
  ])('%s', async ([, range], { registry, location }) => {
    await registry.oci.patch(location, Buffer.alloc(100), { 'content-range': '0-99' })
    const refused = await registry.oci.patch(location, Buffer.alloc(100), { 'content-range': range! })
    expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-99'])
    expect(errorCodes(refused)).toEqual(['BLOB_UPLOAD_INVALID'])
    const accepted = await registry.oci.patch(location, Buffer.alloc(100), { 'content-range': '100-199' })
    expect([accepted.status, accepted.headers.get('range')]).toEqual([202, '0-199'])
  })

  test('the first chunk, when it is not the first', async ({ registry, location }) => {
    const refused = await registry.oci.patch(location, Buffer.alloc(10), { 'content-range': '10-19' })
    expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-0'])
  })

  test('the last chunk, in the PUT', async ({ registry, location }) => {
    const blob = randomContent(100)
    await registry.oci.patch(location, blob.bytes.subarray(0, 40))
    const path = `${location}?digest=${blob.digest}`
    const refused = await registry.oci.put(path, blob.bytes.subarray(50), { 'content-range': '50-99' })
    expect([refused.status, refused.headers.get('range')]).toEqual([416, '0-39'])
    expect((await registry.oci.put(path, blob.bytes.subarray(40), { 'content-range': '40-99' })).status).toBe(201)
  })
})

describe('a chunk that contradicts its own headers is refused, and nothing of it counts', () => {
  test.for([
    ['shorter than its range', '0-9', 9],
    ['longer than its range', '0-9', 11],
    ['a range that ends before it begins', '9-0', 10],
    ['a range without an end', '0-', 10],
    ['a range that is none', 'all of it', 10],
    ['a range of negative bytes', '-5-4', 10],
  ] as const)('%s', async ([, range, bytes], { registry, location }) => {
    const refused = await registry.oci.patch(location, Buffer.alloc(bytes), { 'content-range': range })
    expect(refused.status).toBe(400)
    expect((await registry.oci.get(location)).headers.get('range')).toBe('0-0')
  })

  test.for(['0-99', 'bytes 0-99/*', 'bytes 0-99/100', 'bytes=0-99'])(
    'but a range may be spelled %s',
    async (range, { registry, location }) => {
      const accepted = await registry.oci.patch(location, Buffer.alloc(100), { 'content-range': range })
      expect([accepted.status, accepted.headers.get('range')]).toEqual([202, '0-99'])
    },
  )
})

describe('an upload', () => {
  test('that is cancelled is no more', async ({ registry, location }) => {
    await registry.oci.patch(location, Buffer.from('something'))
    expect((await registry.oci.delete(location)).status).toBe(204)
    for (const method of ['GET', 'DELETE', 'PATCH', 'PUT']) {
      const path = method === 'PUT' ? `${location}?digest=${sha256('something')}` : location
      const body = method === 'PATCH' || method === 'PUT' ? Buffer.from('something') : undefined
      const answer = await registry.oci.ask(method, path, { body })
      expect([answer.status, errorCodes(answer)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    }
  })

  test('of another repository is unknown in this one', async ({ registry, location }) => {
    await startUpload(registry.oci, `${registry.alias}/elsewhere`)
    const [upload] = location.split('/').slice(-1)
    const elsewhere = `/v2/${registry.alias}/elsewhere/blobs/uploads/${upload}`
    const answer = await registry.oci.patch(elsewhere, Buffer.from('something'))
    expect([answer.status, errorCodes(answer)]).toEqual([404, ['BLOB_UPLOAD_UNKNOWN']])
    expect((await registry.oci.get(location)).headers.get('range')).toBe('0-0')
  })

  test('keeps its chunks in the order they were sent, though nobody waits for an answer', async ({
    registry,
    imageName,
    location,
  }) => {
    const blob = randomContent(64)
    for (let offset = 0; offset < blob.size; offset++) {
      const answer = await registry.oci.patch(location, blob.bytes.subarray(offset, offset + 1))
      expect(answer.headers.get('range')).toBe(`0-${offset}`)
    }
    expect((await registry.oci.put(`${location}?digest=${blob.digest}`)).status).toBe(201)
    expect((await registry.anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes).toEqual(blob.bytes)
  })

  test('takes a chunk once, however many send it at the same time', async ({ registry, location }) => {
    const chunk = randomContent(1000).bytes
    const answers = await Promise.allSettled(
      Array.from({ length: 8 }, () => registry.oci.patch(location, chunk, { 'content-range': '0-999' })),
    )
    const statuses = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.status : 'cut off'))
    // A newcomer takes the turn of one that is still sending, whose connection ends.
    expect(statuses.filter((status) => status !== 202 && status !== 416 && status !== 'cut off')).toEqual([])
    expect(statuses.filter((status) => status === 202).length).toBeLessThanOrEqual(1)
    expect((await registry.oci.get(location)).headers.get('range')).toBe('0-999')
  })

  smallTest('has only so many bytes, and keeps those that were taken', async ({ registry, imageName }) => {
    const blob = randomContent(1000)
    const location = await startUpload(registry.oci, imageName)
    await registry.oci.patch(location, blob.bytes.subarray(0, 900))
    const refused = await registry.oci.patch(location, Buffer.alloc(101))
    expect([refused.status, errorCodes(refused)]).toEqual([413, ['SIZE_INVALID']])
    expect((await registry.oci.get(location)).headers.get('range')).toBe('0-899')
    const path = `${location}?digest=${blob.digest}`
    expect((await registry.oci.put(path, Buffer.alloc(101))).status).toBe(413)
    expect((await registry.oci.put(path, blob.bytes.subarray(900))).status).toBe(201)
  })
})
