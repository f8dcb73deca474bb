import { expect, test } from 'vitest'
import { BlobStoreUnavailable } from '../blob-store.ts'
import { writeBody } from './blob-writer.ts'
import { type Disk, nodeDisk } from './disk.ts'

const KIB = 1024
const MIB = 1024 * KIB

interface Write {
  readonly position: number
  readonly bytes: number
  readonly finish: (error?: Error) => void
}

/** A disk whose writes take as long as the test likes. */
class HeldDisk {
  readonly writes: Write[] = []
  readonly disk: Disk = {
    ...nodeDisk,
    writev: (_descriptor, chunks, position) => {
      const { promise, resolve, reject } = Promise.withResolvers<number>()
      const bytes = chunks.reduce((sum, chunk) => sum + chunk.byteLength, 0)
      this.writes.push({ position, bytes, finish: (error) => (error ? reject(error) : resolve(bytes)) })
      return promise
    },
  }
}

/** Counts what is taken of it. */
class Body {
  taken = 0

  async *chunks(count: number, bytes: number): AsyncGenerator<Uint8Array> {
    for (; this.taken < count; this.taken++) yield Buffer.alloc(bytes)
  }

  async *endless(): AsyncGenerator<Uint8Array> {
    yield* this.chunks(20, 64 * KIB)
    await new Promise(() => {})
  }
}

/** Lets everything run that can run without the disk. */
const idle = () => new Promise((resolve) => setImmediate(resolve))

test('one batch is written while the next one gathers, and no more is taken until it is done', async () => {
  const { disk, writes } = new HeldDisk()
  const body = new Body()
  const written = writeBody(disk, 3, 10, body.chunks(100, 64 * KIB), undefined)
  await idle()
  expect(writes).toMatchObject([{ position: 10, bytes: MIB }])
  expect(body.taken).toBe(31)

  writes[0]?.finish()
  await idle()
  expect(writes).toHaveLength(2)
  expect(body.taken).toBe(47)

  for (let next = 1; next < 7; next++) {
    writes[next]?.finish()
    await idle()
  }
  expect(await written).toBe(10 + 100 * 64 * KIB)
  expect(writes.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4, 5, 6].map((batch) => 10 + batch * MIB))
  expect(writes.at(-1)?.bytes).toBe(256 * KIB)
})

test('a small body is one write, an empty one none', async () => {
  const { disk, writes } = new HeldDisk()
  expect(await writeBody(disk, 3, 7, new Body().chunks(4, 0), undefined)).toBe(7)
  expect(writes).toHaveLength(0)

  const written = writeBody(disk, 3, 0, new Body().chunks(3, 1000), undefined)
  await idle()
  writes[0]?.finish()
  expect(await written).toBe(3000)
  expect(writes).toMatchObject([{ position: 0, bytes: 3000 }])
})

test('a body of tiny chunks goes out before the list of them gets long', async () => {
  const sizes: number[] = []
  const writev: Disk['writev'] = async (_descriptor, chunks) => {
    sizes.push(chunks.length)
    return chunks.length
  }
  expect(await writeBody({ ...nodeDisk, writev }, 3, 0, new Body().chunks(3000, 1), undefined)).toBe(3000)
  expect(sizes).toEqual([1024, 1024, 952])
})

test('a write that takes only a part is continued where it stopped', async () => {
  const file = Buffer.alloc(26)
  const writev: Disk['writev'] = async (_descriptor, chunks, position) => {
    return Buffer.concat(chunks).copy(file, position, 0, 5)
  }
  async function* body() {
    for (const chunk of ['abcdefgh', 'i', 'jklmnopqrst', 'uvwxyz']) yield Buffer.from(chunk)
  }
  expect(await writeBody({ ...nodeDisk, writev }, 3, 0, body(), undefined)).toBe(26)
  expect(file.toString()).toBe('abcdefghijklmnopqrstuvwxyz')
})

test('an abort waits for the write in flight, so that nothing is written afterwards', async () => {
  const { disk, writes } = new HeldDisk()
  const controller = new AbortController()
  let isSettled = false
  const written = writeBody(disk, 3, 0, new Body().endless(), controller.signal).finally(() => {
    isSettled = true
  })
  written.catch(() => {})
  await idle()
  controller.abort(new Error('enough'))
  await idle()
  expect(isSettled).toBe(false)

  writes[0]?.finish()
  await expect(written).rejects.toBe(controller.signal.reason)
  await idle()
  expect(writes).toHaveLength(1)
})

test('an abort between two batches leaves the second unwritten', async () => {
  const { disk, writes } = new HeldDisk()
  const controller = new AbortController()
  const written = writeBody(disk, 3, 0, new Body().chunks(100, 64 * KIB), controller.signal)
  written.catch(() => {})
  await idle()
  controller.abort(new Error('enough'))
  writes[0]?.finish()
  await expect(written).rejects.toBe(controller.signal.reason)
  await idle()
  expect(writes).toHaveLength(1)
})

test('a refused write is reported at once, though the body is silent', async () => {
  const { disk, writes } = new HeldDisk()
  const written = writeBody(disk, 3, 0, new Body().endless(), undefined)
  await idle()
  const refusal = new BlobStoreUnavailable('full')
  writes[0]?.finish(refusal)
  await expect(written).rejects.toBe(refusal)
})

test('what the body throws comes before what the disk says', async () => {
  const { disk, writes } = new HeldDisk()
  const reason = new Error('the client went away')
  async function* body() {
    yield* new Body().chunks(16, 64 * KIB)
    throw reason
  }
  const written = writeBody(disk, 3, 0, body(), undefined)
  written.catch(() => {})
  await idle()
  writes[0]?.finish(new BlobStoreUnavailable('full'))
  await expect(written).rejects.toBe(reason)
})
