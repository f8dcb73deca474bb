import { once } from 'node:events'
import { connect } from 'node:net'
import { buffer } from 'node:stream/consumers'

import { describe, expect } from 'vitest'

import { defaultHttpLimits } from '../../src/http/limits.ts'
import { type Content, randomContent, sha256 } from '../support/images.ts'
import { expectStatus, pushBlob, startUpload } from '../support/push.ts'
import { head, RawConnection } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import type { TestRegistry } from '../support/test-registry.ts'

const http = { ...defaultHttpLimits, silenceMsMax: 500, keepAliveMs: 100, headersMsMax: 200, unwantedMsMax: 500 }
const test = testWithRegistry({ config: { http } })
  .extend('connection', async ({ registry }, { onCleanup }) => {
    const connection = await RawConnection.open(registry.url)
    onCleanup(() => connection[Symbol.dispose]())
    return connection
  })
  .extend('blob', () => randomContent(200_000))

describe('a client that sends more than one request at once', () => {
  test('is answered in its order', async ({ registry, imageName, connection, blob }) => {
    const path = `/v2/${imageName}`
    const { host } = registry
    await connection.write(
      Buffer.concat([
        Buffer.from(head(`GET ${path}/tags/list`, { host })),
        pushOf(registry, imageName, blob),
        Buffer.from(`${head(`PUT ${path}/manifests/v1`, { host, 'content-length': 5 })}hello`),
        Buffer.from(head(`GET ${path}/blobs/${blob.digest}`, { host })),
      ]),
    )
    const answers = [await connection.answer(), await connection.answer(), await connection.answer()]
    expect(answers.map((answer) => answer?.status)).toEqual([200, 201, 401])
    expect(sha256((await connection.answer())!.bytes)).toBe(blob.digest)
  })

  test('is not heard any more where its requests end and garbage begins', async ({
    registry,
    imageName,
    connection,
    blob,
  }) => {
    const location = await startUpload(registry.oci, imageName)
    const lines = head(`PATCH ${location}`, { ...sender(registry), 'content-length': blob.size })
    await connection.write(Buffer.concat([Buffer.from(lines), blob.bytes, Buffer.from('garbage\0\r\n\r\n')]))
    expect([202, 400]).toContain((await connection.answer())?.status)
    await connection.answer()
    expect(connection.isOver).toBe(true)

    const [, last] = /-(\d+)$/.exec((await registry.oci.get(location)).headers.get('range')!)!
    const rest = blob.bytes.subarray(last === '0' ? 0 : Number(last) + 1)
    expectStatus(201, await registry.oci.put(`${location}?digest=${blob.digest}`, rest))
  })
})

describe('a client of other habits can push and pull', () => {
  test('with HTTP/1.0', async ({ registry, imageName, blob }) => {
    using push = await RawConnection.open(registry.url)
    await push.write(inHttp10(pushOf(registry, imageName, blob)))
    expect((await push.answer())?.status).toBe(201)
    expect([await push.answer(), push.isOver]).toEqual([undefined, true])

    using pull = await RawConnection.open(registry.url)
    await pull.write(inHttp10(Buffer.from(head(`GET /v2/${imageName}/blobs/${blob.digest}`, {}))))
    expect(sha256((await pull.answer())!.bytes)).toBe(blob.digest)
  })

  test('asking first whether it should', async ({ registry, imageName, connection, blob }) => {
    const [lines, body] = cutAfterHead(pushOf(registry, imageName, blob, { expect: '100-continue' }))
    await connection.write(lines)
    // The 100 that comes now is not what `answer` waits for.
    const answer = connection.answer()
    await connection.write(body)
    expect((await answer)?.status).toBe(201)
  })

  test('ending its side at once, and perhaps never getting its answer', async ({ registry, imageName, blob }) => {
    using connection = await RawConnection.open(registry.url)
    await connection.write(pushOf(registry, imageName, blob))
    connection.end()
    expect([undefined, 201]).toContain((await connection.answer())?.status)
    await connection.answer()
    expect(connection.isOver).toBe(true)
    await pushBlob(registry.oci, imageName, blob)
    expect(sha256((await registry.oci.get(`/v2/${imageName}/blobs/${blob.digest}`)).bytes)).toBe(blob.digest)
  })
})

describe.concurrent('a client whose body is not wanted', () => {
  test('is answered, and may ask again on the same connection', async ({ registry, connection, blob }) => {
    const lines = head('POST /v2/a/b/blobs/uploads/', { host: registry.host, 'content-length': blob.size })
    for (let time = 0; time < 3; time++) {
      await connection.write(lines)
      await connection.write(blob.bytes)
      expect((await connection.answer())?.status).toBe(401)
    }
  })

  test.for([
    ['it is refused', 'POST /v2/a/b/blobs/uploads/'],
    ['there should be none', 'GET /v2/'],
  ])('is answered, and left when it stops in the middle: where %s', async ([, line], { registry, connection }) => {
    await connection.write(`${head(line!, { host: registry.host, 'content-length': 1000 })}hello`)
    expect((await connection.answer())?.status).toBe(401)
    expect([await connection.answer(), connection.isOver]).toEqual([undefined, true])
  })

  test('gets its answer also if it reads nothing before it has sent all, and then wants to close', async ({
    registry,
  }) => {
    const { hostname, port } = new URL(registry.url)
    const socket = connect(Number(port), hostname).pause()
    const bytes = 32_000_000
    const headers = { host: registry.host, 'content-length': bytes, connection: 'close' }
    socket.write(head('POST /v2/a/b/blobs/uploads/', headers))
    socket.write(Buffer.alloc(bytes))
    await once(socket, 'drain')
    const answer = await buffer(socket)
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 401 /)
  })
})

describe.concurrent('a client that is too slow', () => {
  test.for([
    ['to begin', ''],
    ['with its headers', 'GET /v2/ HTTP/1.1\r\nHost: registry\r\n'],
  ])('%s is given up', async ([, text], { connection }) => {
    await connection.write(text!)
    expect((await connection.answer())?.status).toBe(408)
    expect([await connection.answer(), connection.isOver]).toEqual([undefined, true])
  })

  test('with the rest of a chunk is given up, and what came of it is kept', async ({
    registry,
    imageName,
    connection,
    blob,
  }) => {
    const location = await startUpload(registry.oci, imageName)
    await connection.write(head(`PATCH ${location}`, { ...sender(registry), 'content-length': blob.size }))
    await connection.write(blob.bytes.subarray(0, 1_000))
    expect([await connection.answer(), connection.isOver]).toEqual([undefined, true])
    expect((await registry.oci.get(location)).headers.get('range')).toBe('0-999')
  })
})

function sender({ host, oci }: TestRegistry) {
  return { host, authorization: oci.authorization! }
}

/** A whole push in one request. */
function pushOf(registry: TestRegistry, imageName: string, blob: Content, headers: Record<string, string> = {}) {
  const line = `POST /v2/${imageName}/blobs/uploads/?digest=${blob.digest}`
  const lines = head(line, { ...sender(registry), 'content-length': blob.size, ...headers })
  return Buffer.concat([Buffer.from(lines), blob.bytes])
}

function inHttp10(request: Buffer): Buffer {
  const [lines, body] = cutAfterHead(request)
  return Buffer.concat([Buffer.from(lines.toString().replace('HTTP/1.1', 'HTTP/1.0')), body])
}

function cutAfterHead(request: Buffer): [Buffer, Buffer] {
  const end = request.indexOf('\r\n\r\n') + 4
  return [request.subarray(0, end), request.subarray(end)]
}
