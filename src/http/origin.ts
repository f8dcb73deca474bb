import type { IncomingMessage } from 'node:http'
import { TLSSocket } from 'node:tls'

import type { TrustedProxies } from './trusted-proxies.ts'

/** `host` or `host:port`, as a Host header may carry it into an answer of ours. */
const HOST = /^(?:[A-Za-z0-9](?:[A-Za-z0-9.-]{0,253}[A-Za-z0-9])?|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/

/** What clients are told this registry is called. */
export class Origin {
  readonly #publicUrl: string | undefined
  readonly #proxies: TrustedProxies

  constructor({ publicUrl, proxies }: { publicUrl: string | undefined; proxies: TrustedProxies }) {
    this.#publicUrl = publicUrl
    this.#proxies = proxies
  }

  /** The URL by which this client should come back: the configured one, else the one it came by. */
  urlFor(request: IncomingMessage): string {
    return this.#publicUrl ?? `${this.#schemeOf(request)}://${this.#hostOf(request)}`
  }

  /** The same without its scheme, as it stands in front of an image's name. */
  hostFor(request: IncomingMessage): string {
    return this.#publicUrl ? new URL(this.#publicUrl).host : this.#hostOf(request)
  }

  #schemeOf(request: IncomingMessage): 'http' | 'https' {
    const forwarded = this.#forwarded(request, 'x-forwarded-proto')
    if (forwarded === 'http' || forwarded === 'https') return forwarded
    return request.socket instanceof TLSSocket ? 'https' : 'http'
  }

  #hostOf(request: IncomingMessage): string {
    for (const host of [this.#forwarded(request, 'x-forwarded-host'), request.headers.host]) {
      if (host !== undefined && HOST.test(host)) return host
    }
    const { localAddress, localPort } = request.socket
    return localAddress?.includes(':') ? `[${localAddress}]:${localPort}` : `${localAddress}:${localPort}`
  }

  /** What the proxy in front of us says; of several values its own is the last. */
  #forwarded(request: IncomingMessage, name: string): string | undefined {
    if (!this.#proxies.has(request.socket.remoteAddress)) return undefined
    return request.headersDistinct[name]?.join(',').split(',').at(-1)?.trim()
  }
}
