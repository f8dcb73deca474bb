import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'

import { type ImageName, parseImageName } from '../../oci/repository-name.ts'
import { addressOf } from '../../registry/address.ts'
import type { Call } from '../../registry/call.ts'
import type { Registry } from '../../registry/registry.ts'
import type { RouteParameters } from './routes.ts'

/** One request to the registry endpoint, as its handler sees it. */
export interface OciExchange {
  readonly registry: Registry
  readonly call: Call
  readonly parameters: RouteParameters
  readonly query: URLSearchParams
  readonly request: IncomingMessage
}

export interface OciAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string | Uint8Array | Readable
}

export type OciHandler = (exchange: OciExchange) => Promise<OciAnswer>

/** The image name in the path, checked, and the repository's address. Refuses `NameInvalid`. */
export function repositoryIn(exchange: OciExchange) {
  const image: ImageName = parseImageName(exchange.parameters.name)
  return { image, address: addressOf(image) }
}

export function header(request: IncomingMessage, name: string): string | undefined {
  const value = request.headers[name]
  return Array.isArray(value) ? value.join(', ') : value
}

/** `<alias>/<name>`, as it stands in paths. */
export function pathOf({ alias, name }: ImageName): string {
  return `/v2/${alias}/${name}`
}
