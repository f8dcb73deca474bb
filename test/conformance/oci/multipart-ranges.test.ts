import { describe, expect } from 'vitest'

import type { Answer } from '../../support/answer.ts'
import { randomContent } from '../../support/images.ts'
import { pushBlob } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const blob = randomContent(300_000)
const test = testWithRegistry({ isOnDisk: true }).extend('path', async ({ registry, imageName }) => {
  await pushBlob(registry.oci, imageName, blob)
  return `/v2/${imageName}/blobs/${blob.digest}`
})

describe('several ranges of a blob come in one answer (RFC 9110 §14.6)', () => {
  test.for([
    ['two', 'bytes=0-9,100-199', ['0-9', '100-199']],
    ['of one byte each', 'bytes=0-0,2-2', ['0-0', '2-2']],
    ['side by side', 'bytes=0-9,10-19', ['0-9', '10-19']],
    ['in the order asked for', 'bytes=200-299,0-9', ['200-299', '0-9']],
    ['with its end', 'bytes=5-9,-5', ['5-9', '299995-299999']],
    ['with an open end', 'bytes=5-9,299990-', ['5-9', '299990-299999']],
    ['with white space', 'bytes= 0-1 , 5-6', ['0-1', '5-6']],
    ['without those that have nothing', 'bytes=0-1,300000-300001,5-6', ['0-1', '5-6']],
    ['almost everything', 'bytes=0-149998,150000-', ['0-149998', '150000-299999']],
  ] as const)('%s', async ([, range, expected], { registry, path }) => {
    const answer = await registry.anonymous.get(path, { range })
    expect(answer.status).toBe(206)
    expect(answer.headers.get('content-range')).toBe(null)
    expect(answer.headers.get('content-length')).toBe(String(answer.bytes.length))
    expect(answer.headers.get('docker-content-digest')).toBe(blob.digest)
    expect(partsOf(answer)).toEqual(expected.map(partOfBlob))
  })

  test('1,024 of them, which is as many as podman asks for', async ({ registry, path }) => {
    const ranges = Array.from({ length: 1024 }, (_, i) => `${i * 290}-${i * 290 + (i % 200)}`)
    const answer = await registry.anonymous.get(path, { range: `bytes=${ranges.join(',')}` })
    expect(answer.status).toBe(206)
    expect(partsOf(answer)).toEqual(ranges.map(partOfBlob))
  })

  test('under another boundary each time, so that no blob can hold it', async ({ registry, path }) => {
    const ask = () => registry.anonymous.get(path, { range: 'bytes=0-1,5-6' })
    const [one, other] = [await ask(), await ask()]
    expect(one.headers.get('content-type')).not.toBe(other.headers.get('content-type'))
  })

  test('as the only part, without a multipart, where no other has anything', async ({ registry, path }) => {
    const answer = await registry.anonymous.get(path, { range: 'bytes=300000-,5-9,400000-' })
    expect([answer.status, answer.headers.get('content-range')]).toEqual([206, 'bytes 5-9/300000'])
    expect(answer.bytes.equals(blob.bytes.subarray(5, 10))).toBe(true)
  })

  test('but none where none has anything', async ({ registry, path }) => {
    const answer = await registry.anonymous.get(path, { range: 'bytes=300000-,400000-500000' })
    expect([answer.status, answer.headers.get('content-range')]).toEqual([416, 'bytes */300000'])
  })
})

test.for([
  ['ranges that overlap', 'bytes=0-10,10-20'],
  ['a range in another', 'bytes=0-299999,5-6'],
  ['the same range twice', 'bytes=5-6,1-2,5-6'],
  ['too many ranges', `bytes=${Array.from({ length: 1025 }, (_, i) => `${2 * i}-${2 * i}`).join(',')}`],
  ['ranges of which one is none', 'bytes=0-1,a-b'],
  ['an empty range among others', 'bytes=0-1,,5-6'],
] as const)('a blob comes whole for %s', async ([, range], { registry, path }) => {
  expectWhole(await registry.anonymous.get(path, { range }))
})

describe('If-Range', () => {
  test('gives a part of what the client has already begun to get', async ({ registry, path }) => {
    const answer = await registry.anonymous.get(path, { range: 'bytes=5-9', 'if-range': `"${blob.digest}"` })
    expect([answer.status, answer.bytes.length]).toEqual([206, 5])
  })

  test.for(['"sha256:0123"', `W/"${blob.digest}"`, 'Wed, 21 Oct 2015 07:28:00 GMT'])(
    'gives the whole to who has begun with something else: %s',
    async (condition, { registry, path }) => {
      expectWhole(await registry.anonymous.get(path, { range: 'bytes=5-9', 'if-range': condition }))
    },
  )
})

function expectWhole(answer: Answer): void {
  expect([answer.status, answer.bytes.equals(blob.bytes)]).toEqual([200, true])
}

interface Part {
  readonly head: string
  readonly bytes: string
}

function partOfBlob(range: string): Part {
  const [start, end] = range.split('-').map(Number) as [number, number]
  return {
    head: `Content-Type: application/octet-stream\r\nContent-Range: bytes ${range}/300000`,
    bytes: blob.bytes.subarray(start, end + 1).toString('base64'),
  }
}

/** Cut at its boundaries, as RFC 2046 §5.1.1 has them. */
function partsOf(answer: Answer): Part[] {
  const [, boundary] = /^multipart\/byteranges; boundary=([\w-]+)$/.exec(answer.headers.get('content-type') ?? '')!
  const body = `\r\n${answer.bytes.toString('latin1')}`
  const [preamble, ...pieces] = body.split(`\r\n--${boundary}`)
  expect([preamble, pieces.pop()]).toEqual(['', '--\r\n'])
  return pieces.map((piece) => {
    const [, head, bytes] = /^\r\n(.*?)\r\n\r\n(.*)$/s.exec(piece)!
    return { head: head!, bytes: Buffer.from(bytes!, 'latin1').toString('base64') }
  })
}
