import type { TokenAccess } from '../../auth/tokens.ts'
import { isRefusal } from '../../errors.ts'
import { parseImageName } from '../../oci/repository-name.ts'
import { addressOf } from '../../registry/address.ts'
import type { Call, ScopeAction } from '../../registry/call.ts'
import type { Registry } from '../../registry/registry.ts'
import { scopeActions } from '../call-from.ts'

/** Scopes one request may ask for; a mount asks for two, the most that any client was seen to need is a handful. */
const scopesMax = 100

/** `aws`: ECR's own scope, which stands for all that the caller may do. */
export const everything = 'aws'

/**
 * The scopes of a token request: each `scope` may hold several, separated by spaces. `repository:<name>:<actions>`
 * (Docker token specification, "Token scope"); those of other resources are left out. `undefined` for everything.
 */
export function parseScopes(texts: readonly string[]): TokenAccess[] | undefined {
  const scopes = texts.flatMap((text) => text.split(' ')).filter((scope) => scope !== '')
  const access = scopes.slice(0, scopesMax).flatMap((scope) => {
    const [, name, actions] = /^repository(?:\([a-z0-9-]+\))?:([^:]{1,300}):([a-z,*]{0,100})$/.exec(scope) ?? []
    return name === undefined ? [] : [{ type: 'repository' as const, name, actions: actions!.split(',') }]
  })
  if (access.length > 0) return access
  return scopes.length === 0 || scopes.includes(everything) ? undefined : []
}

/**
 * What of the scopes asked for the caller is granted: what policy allows, and no more than the token it came with was
 * for. Whether it may is asked of each request again; this only keeps a token from being worth more than it needs to be.
 */
export async function grantsFor(
  registry: Registry,
  call: Call,
  asked: TokenAccess[] | undefined,
): Promise<TokenAccess[] | undefined> {
  if (!asked) return call.scopes?.map(({ name, actions }) => ({ type: 'repository', name, actions }))
  return Promise.all(
    asked.map(async (scope) => {
      const held = call.scopes?.find(({ name }) => name === scope.name)?.actions
      const granted = await grantsOn(registry, call, scope.name)
      const actions = scopeActions(scope.actions).filter(
        (action) => granted.includes(action) && (!call.scopes || held?.includes(action)),
      )
      return { ...scope, actions }
    }),
  )
}

async function grantsOn(registry: Registry, call: Call, name: string): Promise<readonly ScopeAction[]> {
  try {
    return await registry.repositories.grants(call, addressOf(parseImageName(name)))
  } catch (error) {
    // A name that cannot be: whoever asks for it is told so by the request the token is for.
    if (isRefusal(error, 'NameInvalid')) return []
    throw error
  }
}
