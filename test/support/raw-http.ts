import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

import { deadlineMs } from './answer.ts'

export interface RawAnswer {
  readonly status: number
  /** By lower-case name. */
  readonly headers: ReadonlyMap<string, string>
  readonly bytes: Buffer
}

/** A connection on which a test says exactly what it wants: what no HTTP client would. */
export class RawConnection implements Disposable {
  readonly #socket: Socket
  #received = Buffer.alloc(0)
  #isOver = false
  /** Settled, and replaced, whenever something happens on the connection. */
  #event = Promise.withResolvers<void>()

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.on('data', (chunk) => {
      this.#received = Buffer.concat([this.#received, chunk])
      this.#tell()
    })
    for (const event of ['end', 'close']) {
      socket.once(event, () => {
        this.#isOver = true
        this.#tell()
      })
    }
    // A reset is one of the ways in which a server may end a connection; `close` follows.
    socket.on('error', () => undefined)
    socket.setNoDelay(true)
  }

  static async open(url: string): Promise<RawConnection> {
    const { hostname, port } = new URL(url)
    const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true })
    await once(socket, 'connect')
    return new RawConnection(socket)
  }

  /** Whether the other side has ended the connection. */
  get isOver(): boolean {
    return this.#isOver || this.#socket.destroyed
  }

  /** Resolves when the system has taken the bytes; what the other side has read is another matter. */
  async write(data: string | Uint8Array): Promise<void> {
    if (this.isOver) return
    const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : data
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()))
  }

  /** Says that nothing more will come, and goes on listening. */
  end(): void {
    this.#socket.end()
  }

  /** Hangs up: what was written still arrives. */
  hangUp(): void {
    this.#socket.destroy()
  }

  /** Hangs up as a crashed machine does, by a reset. */
  reset(): void {
    this.#socket.resetAndDestroy()
  }

  /** The next answer; `undefined` when the connection ends without one. Throws when there is neither in time. */
  async answer(to: { readonly method?: string } = {}): Promise<RawAnswer | undefined> {
    const late = new Error(`Neither an answer nor the end of the connection in ${deadlineMs} ms`)
    const deadline = delay(deadlineMs, late, { ref: false })
    for (;;) {
      const parsed = parseAnswer(this.#received, to.method === 'HEAD')
      if (parsed) {
        this.#received = this.#received.subarray(parsed.end)
        if (parsed.answer.status >= 200) return parsed.answer
        continue
      }
      if (this.#isOver) return undefined
      if ((await Promise.race([this.#event.promise, deadline])) === late) throw late
    }
  }

  [Symbol.dispose](): void {
    this.#socket.destroy()
  }

  #tell(): void {
    this.#event.resolve()
    this.#event = Promise.withResolvers()
  }
}

/** A request's head: its first line, its headers and the empty line. */
export function head(firstLine: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${firstLine} HTTP/1.1\r\n${lines.join('')}\r\n`
}

function parseAnswer(received: Buffer, isHead: boolean): { answer: RawAnswer; end: number } | undefined {
  const headEnd = received.indexOf('\r\n\r\n')
  if (headEnd < 0) return undefined
  const [statusLine = '', ...lines] = received.subarray(0, headEnd).toString('latin1').split('\r\n')
  const headers = new Map(
    lines.map((line) => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()]
    }),
  )
  const status = Number(statusLine.split(' ')[1])
  const length = isHead || status < 200 || status === 204 ? 0 : Number(headers.get('content-length') ?? 0)
  const start = headEnd + 4
  if (received.length < start + length) return undefined
  return { answer: { status, headers, bytes: received.subarray(start, start + length) }, end: start + length }
}
