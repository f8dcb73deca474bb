import { once } from 'node:events'
import { statSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { connect, type Socket } from 'node:net'
import { buffer } from 'node:stream/consumers'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

import { describe, expect } from 'vitest'

import { defaultHttpLimits } from '../../src/http/limits.ts'
import { image, randomContent, sha256 } from '../support/images.ts'
import { openFilesIn } from '../support/open-files.ts'
import { asPulled, pullImage, pushBlob, pushImage } from '../support/push.ts'
import { head } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import type { TestRegistry } from '../support/test-registry.ts'
import { until } from '../support/until.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const mebibyte = 1024 * 1024
/** More than what the system and the streams of both sides hold between them. */
const blob = randomContent(16 * mebibyte)
const imageName = 'library/pulled-slowly'
const path = `/v2/${imageName}/blobs/${blob.digest}`

const patient = withBlob(testWithRegistry({ isOnDisk: true }))
const silenceMsMax = 300
const impatient = withBlob(
  testWithRegistry({ isOnDisk: true, config: { http: { ...defaultHttpLimits, silenceMsMax } } }),
)

/** `url` is that of the blob, which has been pushed. */
function withBlob(test: ReturnType<typeof testWithRegistry>) {
  return test.extend('url', { scope: 'file' }, async ({ registry }) => {
    await pushBlob(registry.oci, imageName, blob)
    return `${registry.url}${path}`
  })
}

describe('a client that stops reading in the middle of a blob', () => {
  patient('holds up nobody else, and gets the rest when it wants it', async ({ registry, url }) => {
    const slow = await beginPull(url)
    expect((await registry.anonymous.get(path)).bytes.length).toBe(blob.size)
    for (let time = 0; time < 3; time++) {
      const pushed = image()
      await pushImage(registry.oci, imageName, pushed)
      expect(await pullImage(registry.oci, imageName, pushed)).toEqual(asPulled(pushed))
    }
    expect(slow.complete).toBe(false)
    expect(sha256(await buffer(slow))).toBe(blob.digest)
  })

  patient.for([
    ['the whole', {}],
    ['two ranges', { range: 'bytes=0-8000000,8000002-16000000' }],
  ] as const)('leaves no file open when it hangs up, having asked for %s', async ([, headers], { registry, url }) => {
    const pulls = await Promise.all(Array.from({ length: 20 }, () => beginPull(url, headers)))
    expect(filesOpenIn(registry)).toBe(pulls.length)
    for (const pull of pulls) pull.destroy()
    await until('the files to be closed', async () => filesOpenIn(registry) === 0)
  })
})

describe('a client that never reads', () => {
  patient('takes little memory', async ({ registry, url }) => {
    const before = await heldBytes()
    using clients = new DisposableStack()
    const sockets = await Promise.all(Array.from({ length: 20 }, () => deafClient(url)))
    for (const socket of sockets) clients.use(socket).write(pullOf(registry))
    await until('all of them to be answered', async () => filesOpenIn(registry) === sockets.length)
    // While this is sent from end to end, they could have got as much.
    expect((await registry.anonymous.get(path)).bytes.length).toBe(blob.size)
    await until('no more than a few buffers to be held for each', async () => {
      const bytesOfEach = ((await heldBytes()) - before) / sockets.length
      expect(filesOpenIn(registry)).toBe(sockets.length)
      return bytesOfEach < 2 * mebibyte
    })
  })

  impatient('is given up', async ({ registry, url }) => {
    using client = await deafClient(url)
    client.write(pullOf(registry))
    await until('it to be answered', async () => filesOpenIn(registry) === 1, { everyMs: 1 })
    await until('it to be given up', async () => filesOpenIn(registry) === 0)
  })

  patient('is answered one thing at a time, however much it asks for', async ({ registry, url }) => {
    using client = await deafClient(url)
    client.write(pullOf(registry).repeat(50))
    await until('the first answer', async () => filesOpenIn(registry) > 0)
    // By the time that this is answered, all of the above has been read.
    expect((await registry.anonymous.get('/v2/')).status).toBe(401)
    expect(filesOpenIn(registry)).toBe(1)
  })

  patient('is hung up on when it asks for far too much', async ({ registry, url }) => {
    using client = await deafClient(url)
    client.write(pullOf(registry).repeat(1_000))
    await new Promise((resolve) => client.resume().once('close', resolve))
    await until('the file to be closed', async () => filesOpenIn(registry) === 0)
  })
})

/** In buffers that are still needed, and some that have not been swept up yet. */
async function heldBytes(): Promise<number> {
  collectGarbage()
  await nextTurn()
  collectGarbage()
  return process.memoryUsage().arrayBuffers
}

function pullOf({ host }: TestRegistry): string {
  return head(`GET ${path}`, { host })
}

/** An answer of which not more is read than what there is room for. */
async function beginPull(url: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const [answer] = (await once(get(url, { headers, agent: false }), 'response')) as [IncomingMessage]
  // Hung up on, it says so: that is what was wanted.
  answer.on('error', () => undefined)
  return answer.pause()
}

async function deafClient(url: string): Promise<Socket & Disposable> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname).pause()
  socket.on('error', () => undefined)
  await once(socket, 'connect')
  return Object.assign(socket, { [Symbol.dispose]: () => void socket.destroy() })
}

function filesOpenIn({ folder }: TestRegistry): number {
  return openFilesIn(`${folder}/blobs/sealed`).filter((path) => !statSync(path).isDirectory()).length
}
