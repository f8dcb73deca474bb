/**
 * An ARN of a kind that occurs here, taken apart. Roles and sessions exist at AWS only, but policies that come from
 * there name them. A user's name keeps its path, should it have one: `team/alice`.
 */
export type Arn =
  | { readonly kind: 'repository'; readonly accountId: string; readonly name: string }
  | { readonly kind: 'registry'; readonly accountId: string }
  | { readonly kind: 'root'; readonly accountId: string }
  | { readonly kind: 'user'; readonly accountId: string; readonly name: string }
  | { readonly kind: 'role'; readonly accountId: string; readonly name: string }
  | { readonly kind: 'assumed-role'; readonly accountId: string; readonly role: string; readonly session: string }
  | { readonly kind: 'federated-user'; readonly accountId: string; readonly name: string }

export function repositoryArn(accountId: string, name: string): string {
  return `arn:aws:ecr-public::${accountId}:repository/${name}`
}

export function registryArn(accountId: string): string {
  return `arn:aws:ecr-public::${accountId}:registry/${accountId}`
}

export function userArn(accountId: string, name: string): string {
  return `arn:aws:iam::${accountId}:user/${name}`
}

export function rootArn(accountId: string): string {
  return `arn:aws:iam::${accountId}:root`
}

export const accountIdPattern = '[0-9]{12}'

/** Both services are global: none of these ARNs names a region. */
const GRAMMAR = new RegExp(`^arn:aws:(ecr-public|iam|sts)::(${accountIdPattern}):([^/]+)(?:/(.+))?$`)

/** `undefined` for whatever is not an ARN of one of these kinds. Names are not checked beyond not being empty. */
export function parseArn(text: string): Arn | undefined {
  const [, service, accountId, type, name] = GRAMMAR.exec(text) ?? []
  if (service === undefined || accountId === undefined) return undefined
  if (name === undefined) return service === 'iam' && type === 'root' ? { kind: 'root', accountId } : undefined

  switch (`${service}:${type}`) {
    case 'ecr-public:repository':
      return { kind: 'repository', accountId, name }
    case 'ecr-public:registry':
      return name === accountId ? { kind: 'registry', accountId } : undefined
    case 'iam:user':
      return { kind: 'user', accountId, name }
    case 'iam:role':
      return { kind: 'role', accountId, name }
    case 'sts:assumed-role':
      return parseAssumedRole(accountId, name)
    case 'sts:federated-user':
      return { kind: 'federated-user', accountId, name }
    default:
      return undefined
  }
}

function parseAssumedRole(accountId: string, name: string): Arn | undefined {
  const slash = name.lastIndexOf('/')
  if (slash <= 0 || slash === name.length - 1) return undefined
  return { kind: 'assumed-role', accountId, role: name.slice(0, slash), session: name.slice(slash + 1) }
}
