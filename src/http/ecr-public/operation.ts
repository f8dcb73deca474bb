import type { z } from 'zod'

import type { Tokens } from '../../auth/tokens.ts'
import { isRefusal, RegistryError, refuse } from '../../errors.ts'
import type { RegistryAddress, RepositoryAddress } from '../../metadata/metadata-store.ts'
import { parseAlias, parseRepositoryName } from '../../oci/repository-name.ts'
import type { Call } from '../../registry/call.ts'
import type { Registry } from '../../registry/registry.ts'
import { parseInput } from './input.ts'

/** One authenticated request to the API, as its operation sees it. */
export interface EcrPublicExchange {
  readonly registry: Registry
  readonly tokens: Tokens
  readonly call: Call
  /** The account of the caller, whose registry is meant where none is named. */
  readonly accountId: string
  readonly accessKeyId: string
  /** What stands before an image's name in a URI, as this client is told: `host` or `host:port`. */
  readonly host: string
  /** The same as a URL, for what is not an image: `http://host:port`. */
  readonly url: string
}

/** Any input of the service model but those of the operations that say otherwise, every character escaped. */
const bodyBytesMaxDefault = 1024 * 1024

export interface Operation {
  /** A larger body is refused before it is read: hostile JSON of tens of megabytes takes seconds to parse. */
  readonly bodyBytesMax: number
  /** The answer to a request with this body, to be sent as JSON. */
  run(exchange: EcrPublicExchange, body: Uint8Array): Promise<object>
}

export interface OperationOptions {
  readonly bodyBytesMax?: number
}

/** An operation: the shape of its input, and what it does. */
export function operation<Shape extends z.ZodType>(
  input: Shape,
  handle: (exchange: EcrPublicExchange, input: z.output<Shape>) => Promise<object>,
  { bodyBytesMax = bodyBytesMaxDefault }: OperationOptions = {},
): Operation {
  return { bodyBytesMax, run: (exchange, body) => handle(exchange, parseInput(input, body)) }
}

/** What an input says of the repository it is about. */
export interface NamedRepository {
  readonly registryId?: string | undefined
  readonly repositoryName: string
}

/**
 * An operation on one repository whose model has no RegistryNotFoundException: a registry that there is not has no such
 * repository.
 */
export function repositoryOperation<Shape extends z.ZodType<NamedRepository>>(
  input: Shape,
  handle: (exchange: EcrPublicExchange, address: RepositoryAddress, input: z.output<Shape>) => Promise<object>,
  options: OperationOptions = {},
): Operation {
  const handleKnown = async (exchange: EcrPublicExchange, request: z.output<Shape>) => {
    try {
      return await handle(exchange, repositoryOf(exchange, request), request)
    } catch (error) {
      if (!isRefusal(error, 'RegistryUnknown')) throw error
      const facts = { repository: request.repositoryName, registry: error.facts.registry }
      throw refuse('RepositoryUnknown', facts, { cause: error })
    }
  }
  return operation(input, handleKnown, options)
}

/** The repository an input names: in the registry it names by id or alias, else in the caller's own. */
export function repositoryOf(exchange: EcrPublicExchange, input: NamedRepository): RepositoryAddress {
  return { registry: registryOf(exchange, input.registryId), name: parseRepositoryName(input.repositoryName) }
}

export function registryOf(exchange: EcrPublicExchange, registryId: string | undefined): RegistryAddress {
  if (registryId === undefined) return { kind: 'account', accountId: exchange.accountId }
  if (/^\d{12}$/.test(registryId)) return { kind: 'account', accountId: registryId }
  try {
    return { kind: 'alias', alias: parseAlias(registryId) }
  } catch (error) {
    // What cannot be an alias is no registry that there is.
    if (error instanceof RegistryError) throw refuse('RegistryUnknown', { registry: registryId }, { cause: error })
    throw error
  }
}
