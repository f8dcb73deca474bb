import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'

import type { FastifyInstance } from 'fastify'

/** Most requests of one connection that wait for their turn. Clients send none before they have the answer. */
const waitingMax = 100

/**
 * One request of a connection at a time, however many its client sends ahead. Node would run them all at once, which it
 * must not where one changes something (RFC 9112 §9.3.2), and keep what they answer in memory, where the client reads none of it.
 */
export function addTurns(app: FastifyInstance): void {
  const lines = new WeakMap<Socket, { last: ServerResponse; waiting: number }>()
  app.addHook('onRequest', (request, reply, done) => {
    const { socket } = request.raw
    const line = lines.get(socket)
    if (!line || line.last.writableFinished) {
      lines.set(socket, { last: reply.raw, waiting: 0 })
      return done()
    }
    const before = line.last
    line.last = reply.raw
    line.waiting++
    if (line.waiting > waitingMax) return socket.destroy()
    before.once('close', () => {
      line.waiting--
      // Where the connection ended meanwhile, nobody asks any more.
      if (!socket.destroyed) done()
    })
  })
}
