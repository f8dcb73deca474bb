import { refuse } from '../errors.ts'

/** A repository's name inside its registry, checked: `app`, `team/app`. Obtain one from `parseRepositoryName` only. */
export type RepositoryName = string & { readonly [nameBrand]: true }
declare const nameBrand: unique symbol

/** A registry's public name, the first segment of an image's name, checked. */
export type Alias = string & { readonly [aliasBrand]: true }
declare const aliasBrand: unique symbol

/** An image's name as `docker` spells it: `<alias>/<repository>`. */
export interface ImageName {
  readonly alias: Alias
  readonly name: RepositoryName
}

/** One path component, by OCI distribution-spec 1.1, "Pulling manifests". */
const COMPONENT = '[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*'
const NAME = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`)
const ALIAS = new RegExp(`^${COMPONENT}$`)

/** ECR Public's limit. The OCI grammar has none, but warns that clients stop at 255 with the host name. */
export const repositoryNameLengthMax = 205
export const aliasLengthMax = 50

const ACCOUNT_ID = /^[0-9]{12}$/

/** First segments that are, or may become, paths of our own. Nobody can have one as an alias. */
const reservedAliases: ReadonlySet<string> = new Set([
  ...['v1', 'v2', 'token', 'search', 'metrics', 'health', 'ready', 'live', 'api', 'assets', 'static', 'logo', 'logos'],
  ...['gallery', 'admin', 'login', 'logout', 'account', 'accounts', 'registries', 'aws', 'amazon', 'about', 'docs'],
])

/** Refuses `NameInvalid`. */
export function parseRepositoryName(text: string): RepositoryName {
  if (text.length > repositoryNameLengthMax) {
    throw refuse('NameInvalid', { name: brief(text), reason: `longer than ${repositoryNameLengthMax} characters` })
  }
  if (!NAME.test(text)) {
    throw refuse('NameInvalid', {
      name: text,
      reason: 'a repository name is lower-case letters and digits, with single . _ - or / between them',
    })
  }
  return text as RepositoryName
}

/** Refuses `NameInvalid`. */
export function parseAlias(text: string): Alias {
  if (text.length > aliasLengthMax || !ALIAS.test(text) || ACCOUNT_ID.test(text)) {
    throw refuse('NameInvalid', {
      name: brief(text),
      reason: `a registry alias is up to ${aliasLengthMax} lower-case letters and digits, with . _ or - between them, and no account id`,
    })
  }
  return text as Alias
}

export function isReservedAlias(alias: Alias): boolean {
  return reservedAliases.has(alias)
}

/** `library/team/app` → alias `library`, repository `team/app`. Refuses `NameInvalid`. */
export function parseImageName(text: string): ImageName {
  const slash = text.indexOf('/')
  if (slash < 0) {
    throw refuse('NameInvalid', { name: brief(text), reason: 'an image name is <registry alias>/<repository>' })
  }
  return { alias: parseAlias(text.slice(0, slash)), name: parseRepositoryName(text.slice(slash + 1)) }
}

function brief(text: string): string {
  return text.length <= 255 ? text : `${text.slice(0, 255)}…`
}
