import { describe, expect, test as plainTest } from 'vitest'

import { type Content, image, randomContent, sha512 } from '../../support/images.ts'
import type { OciClient } from '../../support/oci-client.ts'
import { asPulled, pullImage, pushImage, startUpload } from '../../support/push.ts'
import { head, RawConnection } from '../../support/raw-http.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { temporaryDirectory } from '../../support/temporary-directory.ts'
import { startTestRegistry, type TestRegistry } from '../../support/test-registry.ts'
import { until } from '../../support/until.ts'

const mebibyte = 1024 * 1024
/** More than the system can hold between two sockets, by so much that most of it has to be read. */
const sentBytes = 10 * mebibyte
const readBytesMin = mebibyte
const large = randomContent(sentBytes + mebibyte)

/** What a request is answered with when another one for the same upload arrives while it is being read. */
const overtaken = 400

const inMemory = testWithRegistry()
const onDisk = testWithRegistry({ isOnDisk: true })

describe.for([
  ['in memory', inMemory],
  ['on disk', onDisk],
] as const)('%s, an upload whose connection broke', ([, test]) => {
  test.for([
    ['with a length', true],
    ['of no announced length', false],
  ] as const)(
    'keeps what was read of a body %s, and goes on from there',
    async ([, isAnnounced], { registry, imageName }) => {
      const location = await startUpload(registry.oci, imageName)
      using connection = await sendMost(registry, 'PATCH', location, isAnnounced)
      connection.hangUp()
      await until('bytes to be kept', async () => (await nextByteOf(registry.oci, location)) >= readBytesMin)
      await finish(registry, imageName, location, large)
    },
  )

  test('goes on from wherever it is after a reset', async ({ registry, imageName }) => {
    const blob = randomContent(200_000)
    const location = await startUpload(registry.oci, imageName)
    using connection = await begin(registry, 'PATCH', location, blob.size)
    await connection.write(blob.bytes.subarray(0, 150_000))
    connection.reset()
    await finish(registry, imageName, location, blob)
  })
})

describe('an upload that is still being sent somewhere', () => {
  onDisk('is taken over by whoever comes to go on with it', async ({ registry, imageName }) => {
    const location = await startUpload(registry.oci, imageName)
    using connection = await sendMost(registry, 'PATCH', location, true)
    // Nothing more is heard of that connection, nor does it end.
    await finish(registry, imageName, location, large)
    // It was cut, or told if there was still time to.
    expect((await connection.answer())?.status ?? overtaken).toBe(overtaken)
  })

  onDisk('is finished by a PUT that begins where the broken one did', async ({ registry, imageName }) => {
    const location = `${await startUpload(registry.oci, imageName)}?digest=${large.digest}`
    using connection = await sendMost(registry, 'PUT', location, true)
    // What comes with a PUT is acknowledged as a whole or not at all.
    expect((await registry.oci.put(location, large.bytes)).status).toBe(201)
    expect((await connection.answer())?.status ?? overtaken).toBe(overtaken)
    const pulled = await registry.anonymous.get(`/v2/${imageName}/blobs/${large.digest}`)
    expect(pulled.bytes.equals(large.bytes)).toBe(true)
  })
})

describe('a registry that starts again on its folder', () => {
  plainTest.for([
    ['SHA-256', ({ digest }: Content) => digest],
    ['SHA-512', ({ bytes }: Content) => sha512(bytes)],
  ] as const)('goes on with uploads: %s', async ([, digestOf]) => {
    await using folder = await temporaryDirectory('restart')
    const blob = randomContent(10_000)
    let location: string
    {
      await using registry = await startTestRegistry({ folder: folder.path })
      location = await startUpload(registry.oci, 'library/app')
      await registry.oci.patch(location, blob.bytes.subarray(0, 6000))
    }
    await using registry = await startTestRegistry({ folder: folder.path })
    expect(await nextByteOf(registry.oci, location)).toBe(6000)
    await finish(registry, 'library/app', location, { ...blob, digest: digestOf(blob) })
  })

  plainTest('has what was pushed, and knows its tokens', async () => {
    await using folder = await temporaryDirectory('restart')
    const pushed = image()
    let authorization: string | undefined
    {
      await using registry = await startTestRegistry({ folder: folder.path })
      authorization = registry.oci.authorization
      await pushImage(registry.oci, 'library/app', pushed, 'v1')
    }
    await using registry = await startTestRegistry({ folder: folder.path })
    expect(await pullImage(registry.anonymous, 'library/app', pushed, 'v1')).toEqual(asPulled(pushed))
    await pushImage(registry.anonymous.as(authorization), 'library/app', image(), 'v2')
  })
})

/** Sends the head of a request; the test sends its body, or does not. */
async function begin(
  { url, host, oci }: TestRegistry,
  method: string,
  path: string,
  bytes: number | 'chunked',
): Promise<RawConnection> {
  const connection = await RawConnection.open(url)
  const length: [string, string] =
    bytes === 'chunked' ? ['Transfer-Encoding', 'chunked'] : ['Content-Length', String(bytes)]
  const headers = { Host: host, Authorization: oci.authorization ?? '', [length[0]]: length[1] }
  await connection.write(head(`${method} ${path}`, headers))
  return connection
}

/** Sends all of `large` but its end. So much is sent that the registry must be reading when this returns. */
async function sendMost(
  registry: TestRegistry,
  method: string,
  path: string,
  isAnnounced: boolean,
): Promise<RawConnection> {
  const connection = await begin(registry, method, path, isAnnounced ? large.size : 'chunked')
  if (!isAnnounced) await connection.write(`${large.size.toString(16)}\r\n`)
  await connection.write(large.bytes.subarray(0, sentBytes))
  return connection
}

/** Where an upload wants its next byte, as its status tells. */
async function nextByteOf(oci: OciClient, location: string): Promise<number> {
  const { status, headers } = await oci.get(location)
  expect(status).toBe(204)
  const last = Number(headers.get('range')?.split('-')[1])
  return last === 0 ? 0 : last + 1
}

/** Resumes as a client does: asks where to go on, sends the rest, and asks again where that was wrong. */
async function finish(
  { oci, anonymous }: TestRegistry,
  imageName: string,
  location: string,
  blob: Pick<Content, 'bytes' | 'digest'>,
): Promise<void> {
  const rest = await until('the rest to be taken', async () => {
    const offset = await nextByteOf(oci, location)
    const range = `${offset}-${blob.bytes.length - 1}`
    const answer = await oci.patch(location, blob.bytes.subarray(offset), { 'content-range': range })
    expect(answer.status).toBeOneOf([202, 416, overtaken])
    return answer.status === 202 && answer
  })
  expect(rest.headers.get('range')).toBe(`0-${blob.bytes.length - 1}`)
  expect((await oci.put(`${location}?digest=${blob.digest}`)).status).toBe(201)
  const pulled = await anonymous.get(`/v2/${imageName}/blobs/${blob.digest}`)
  expect(pulled.bytes.equals(blob.bytes)).toBe(true)
}
