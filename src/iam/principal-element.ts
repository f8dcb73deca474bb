import { accountIdPattern, parseArn } from './arn.ts'
import { PolicyInvalid } from './policy-invalid.ts'
import { objectAt, stringsAt } from './policy-json.ts'
import type { Principal } from './principal.ts'

/**
 * How a list of principals applies to someone: to themselves; to their account, which an allow merely empowers to let
 * them (IAM User Guide, "AWS account principals"); or not at all.
 */
export type PrincipalMatch = 'self' | 'account' | 'none'

export type PrincipalTest = (principal: Principal) => PrincipalMatch

const ACCOUNT_ID = new RegExp(`^${accountIdPattern}$`)

/** What stands in a stored policy for a user or role that is gone: its unique id. */
const UNIQUE_ID = /^A[A-Z]{3}[A-Z0-9]{12,124}$/

const principalTypes = new Set(['AWS', 'CanonicalUser', 'Federated', 'Service'])

interface PrincipalSet {
  readonly accountIds: Set<string>
  readonly arns: Set<string>
  readonly userIds: Set<string>
  hasEveryone: boolean
}

/**
 * The Principal element: `"*"`, or an object with `AWS` and the like. Names of kinds that do not exist here (services,
 * roles, federated identities) are accepted, because policies come from AWS, and match nobody.
 * Throws `PolicyInvalid`; in particular for wildcards within a name, which IAM does not have.
 */
export function compilePrincipal(element: unknown, path: string): PrincipalTest {
  const set: PrincipalSet = { accountIds: new Set(), arns: new Set(), userIds: new Set(), hasEveryone: false }
  if (element === '*') set.hasEveryone = true
  else addMap(set, element, path)
  return (principal) => match(set, principal)
}

/** The NotPrincipal element: everyone but those named. To name an account excepts its root, not its users. */
export function compileNotPrincipal(element: unknown, path: string): PrincipalTest {
  const named = compilePrincipal(element, path)
  return (principal) => (named(principal) === 'self' ? 'none' : 'self')
}

function match(set: PrincipalSet, principal: Principal): PrincipalMatch {
  if (set.hasEveryone) return 'self'
  if (principal.kind === 'anonymous') return 'none'
  if (set.arns.has(principal.arn) || set.userIds.has(principal.userId)) return 'self'
  if (!set.accountIds.has(principal.accountId)) return 'none'
  return principal.isRoot ? 'self' : 'account'
}

function addMap(set: PrincipalSet, element: unknown, path: string): void {
  const entries = Object.entries(objectAt(element, path))
  if (entries.length === 0) throw new PolicyInvalid('no principal', path)
  for (const [type, names] of entries) {
    if (!principalTypes.has(type)) throw new PolicyInvalid(`unknown kind of principal ${JSON.stringify(type)}`, path)
    for (const name of stringsAt(names, `${path}.${type}`)) {
      if (type === 'AWS') addAws(set, name, `${path}.${type}`)
    }
  }
}

function addAws(set: PrincipalSet, name: string, path: string): void {
  const arn = parseArn(name)
  if (name === '*') set.hasEveryone = true
  else if (ACCOUNT_ID.test(name)) set.accountIds.add(name)
  else if (UNIQUE_ID.test(name)) set.userIds.add(name)
  else if (arn?.kind === 'root') set.accountIds.add(arn.accountId)
  else if (arn && arn.kind !== 'repository' && arn.kind !== 'registry' && !/[*?]/.test(name)) set.arns.add(name)
  else throw new PolicyInvalid(`not a principal: ${JSON.stringify(name)}`, path)
}
