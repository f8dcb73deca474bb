import type { IncomingMessage } from 'node:http'

/** `host` or `host:port`, as a Host header may carry it into an answer of ours. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** What clients are told this registry is called. */
export class Origin {
  readonly #publicUrl: string | undefined

  constructor(publicUrl: string | undefined) {
    this.#publicUrl = publicUrl
  }

  /** The URL by which this client should come back: the configured one, else the one it came by. */
  urlFor(request: IncomingMessage): string {
    return this.#publicUrl ?? `http://${hostOf(request)}`
  }

  /** The same without its scheme, as it stands in front of an image's name. */
  hostFor(request: IncomingMessage): string {
    return this.#publicUrl ? new URL(this.#publicUrl).host : hostOf(request)
  }
}

function hostOf(request: IncomingMessage): string {
  const { host } = request.headers
  if (host !== undefined && HOST.test(host)) return host
  const { localAddress, localPort } = request.socket
  return localAddress?.includes(':') ? `[${localAddress}]:${localPort}` : `${localAddress}:${localPort}`
}
