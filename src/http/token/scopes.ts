import type { TokenAccess } from '../../auth/tokens.ts'
import type { Principal } from '../../iam/principal.ts'

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

/** What a principal is granted of what it asked for. Whether it may is asked again of each request. */
export function grantsFor(principal: Principal, asked: TokenAccess[] | undefined): TokenAccess[] | undefined {
  if (principal.kind === 'user' || !asked) return asked
  return asked.map((scope) => ({ ...scope, actions: scope.actions.filter((action) => action === 'pull') }))
}
