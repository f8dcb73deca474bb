import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

import { expect } from 'vitest'

import { image } from '../support/images.ts'
import { asPulled, pullImage, pushImage } from '../support/push.ts'
import { head } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'

const test = testWithRegistry()

const clientsAtOnce = 100

const timeout = 30_000 // a connection takes milliseconds on some machines

test('2,000 clients that do nothing are in nobody’s way, and are still served', { timeout }, async ({
  registry,
  imageName,
}) => {
  using idle = new DisposableStack()
  const sockets: Socket[] = []
  while (sockets.length < 2_000) {
    sockets.push(...(await Promise.all(Array.from({ length: clientsAtOnce }, () => open(registry.url)))))
  }
  for (const socket of sockets) idle.defer(() => socket.destroy())
  // Some have begun a request, and wait before they end it.
  const question = head('GET /v2/', { host: registry.host })
  for (const [i, socket] of sockets.entries()) if (i % 2) socket.write(question.slice(0, 20))

  const pushed = image()
  await pushImage(registry.oci, imageName, pushed, 'latest')
  expect(await pullImage(registry.anonymous, imageName, pushed, 'latest')).toEqual(asPulled(pushed))

  for (const [i, socket] of sockets.entries()) socket.write(i % 2 ? question.slice(20) : question)
  const answers = await Promise.all(sockets.map(async (socket) => String((await once(socket, 'data'))[0])))
  expect(answers.filter((answer) => !answer.startsWith('HTTP/1.1 401 '))).toEqual([])
})

async function open(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  await once(socket, 'connect')
  return socket
}
