import { randomBytes, randomInt } from 'node:crypto'
import { setImmediate as nextTurn } from 'node:timers/promises'

import { expect } from 'vitest'

import type { Answer } from '../support/answer.ts'
import { type Content, randomContent, sha256 } from '../support/images.ts'
import { errorMessages, type OciClient } from '../support/oci-client.ts'
import { expectStatus, startUpload } from '../support/push.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import { until } from '../support/until.ts'

const test = testWithRegistry()
const rounds = 6

test('two clients that push one blob through one upload get it done, and whole', async ({ registry, imageName }) => {
  for (let round = 0; round < rounds; round++) {
    const blob = randomContent(20_000)
    const location = await startUpload(registry.oci, imageName)
    await Promise.all([pushThrough(registry.oci, location, blob), pushThrough(registry.oci, location, blob)])
    const pulled = await registry.oci.get(`/v2/${imageName}/blobs/${blob.digest}`)
    expect([pulled.status, sha256(pulled.bytes)]).toEqual([200, blob.digest])
  }
})

test('of two clients that append at once, neither writes into what the other has written', async ({
  registry,
  imageName,
}) => {
  const { oci } = registry
  for (let round = 0; round < rounds; round++) {
    const [one, other] = [randomBytes(600), randomBytes(600)]
    const location = await startUpload(oci, imageName)
    const appends = [one, other].map((bytes) => oci.patch(location, slowly(bytes)).catch(brokenOff))
    const answers = await Promise.all(appends)
    expect(answers).toContainEqual(expect.objectContaining({ status: 202 }))

    const offset = await offsetOf(oci, location)
    const refused = await oci.put(`${location}?digest=${sha256('something else')}`)
    const computed = /^The content is (sha256:\w+),/.exec(errorMessages(refused)[0]!)![1]!
    const clean = Array.from({ length: offset + 1 }, (_, cut) => [
      sha256(Buffer.concat([one.subarray(0, cut), other.subarray(0, offset - cut)])),
      sha256(Buffer.concat([other.subarray(0, cut), one.subarray(0, offset - cut)])),
    ]).flat()
    expect(clean).toContain(computed)
    expectStatus(201, await oci.put(`${location}?digest=${computed}`))
  }
})

test('who gives an upload up while another appends to it has the last word', async ({ registry, imageName }) => {
  const { oci, app } = registry
  const location = await startUpload(oci, imageName)
  let isGivenUp = false
  const append = oci
    .patch(
      location,
      endless(() => isGivenUp),
    )
    .catch(brokenOff)
  expectStatus(204, await oci.delete(location))
  isGivenUp = true
  expect([undefined, 404]).toContain((await append)?.status)
  expectStatus(404, await oci.get(location))
  await app.registry.sweep.passUntilDone()
})

/** Chunk by chunk, from wherever the upload is, until the blob is there. */
async function pushThrough(oci: OciClient, location: string, blob: Content): Promise<void> {
  const step = async () => {
    const offset = await offsetOf(oci, location).catch(() => blob.size)
    if (offset === blob.size) {
      const answer = await oci.put(`${location}?digest=${blob.digest}`).catch(brokenOff)
      return answer?.status === 201
    }
    const end = Math.min(blob.size, offset + randomInt(100, 8_000))
    const range = { 'content-range': `${offset}-${end - 1}` }
    const answer = await oci.patch(location, slowly(blob.bytes.subarray(offset, end)), range).catch(brokenOff)
    if (answer) expect([202, 404, 416]).toContain(answer.status)
    return false
  }
  await until('the blob to be complete', step, { everyMs: 0 })
}

/** Throws when there is no such upload. */
async function offsetOf(oci: OciClient, location: string): Promise<number> {
  const status = await oci.get(location)
  expectStatus(204, status)
  const [, last] = /^0-(\d+)$/.exec(status.headers.get('range')!)!
  return last === '0' ? 0 : Number(last) + 1
}

/** Whose connection was closed because the other one took over. */
function brokenOff(error: unknown): Answer | undefined {
  expect(error).toBeInstanceOf(TypeError)
  return undefined
}

/** A body in a few pieces, between which others get their turn. */
function slowly(bytes: Buffer): ReadableStream<Uint8Array> {
  const pieces = async function* () {
    const pieceBytes = Math.ceil(bytes.length / randomInt(1, 6))
    for (let start = 0; start < bytes.length; start += pieceBytes) {
      yield bytes.subarray(start, start + pieceBytes)
      for (let turns = randomInt(0, 20); turns > 0; turns--) await nextTurn()
    }
  }
  return ReadableStream.from(pieces())
}

function endless(isOver: () => boolean): ReadableStream<Uint8Array> {
  const pieces = async function* () {
    while (!isOver()) {
      yield Buffer.alloc(1_000)
      await nextTurn()
    }
  }
  return ReadableStream.from(pieces())
}
