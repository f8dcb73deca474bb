import type { IncomingMessage } from 'node:http'

/** What a route of AWS's query protocol is registered with. */
export const queryProtocol = { awsProtocol: 'query' } as const

/**
 * Lets AWS's older query protocol, a form with its operation in `Action`, share a path with the JSON ones: a route with
 * the constraint `queryProtocol` gets the forms, the other one at its path everything else.
 */
export const awsProtocolConstraint = {
  name: 'awsProtocol',
  deriveConstraint: ({ headers }: IncomingMessage) =>
    headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? queryProtocol.awsProtocol : undefined,
  storage: <Handler>() => {
    const handlers = new Map<unknown, Handler>()
    return {
      get: (protocol: unknown) => handlers.get(protocol) ?? null,
      set: (protocol: unknown, handler: Handler) => void handlers.set(protocol, handler),
    }
  },
}

/** Text for between two tags. */
export function escapeXml(text: string): string {
  return text.replaceAll(/[&<>]/g, (character) => `&${entities[character]};`).replaceAll(unfitForXml, '\uFFFD')
}

const entities: Readonly<Record<string, string>> = { '&': 'amp', '<': 'lt', '>': 'gt' }

/** XML 1.0 has no way to write these, not even as references. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unfitForXml = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g
