import type { RepositoryFacts } from '../errors.ts'
import type { MetadataView, RegistryAddress, RepositoryAddress, RepositoryRecord } from '../metadata/metadata-store.ts'
import type { ImageName } from '../oci/repository-name.ts'

/** The repository behind `<alias>/<name>`. */
export function addressOf({ alias, name }: ImageName): RepositoryAddress {
  return { registry: { kind: 'alias', alias }, name }
}

/** Where a repository is, whatever alias it was asked for by. */
export function addressIn({ accountId, name }: RepositoryRecord): RepositoryAddress {
  return { registry: { kind: 'account', accountId }, name }
}

/** The registry as its caller spelled it: ECR's messages show an alias where an alias was asked for. */
export function spellingOf(registry: RegistryAddress): string {
  return registry.kind === 'alias' ? registry.alias : registry.accountId
}

export function factsOf({ registry, name }: RepositoryAddress): RepositoryFacts {
  return { repository: name, registry: spellingOf(registry) }
}

/**
 * A repository as people know it, `<alias>/<name>` by the primary alias, or by the account's id where it has none.
 * `undefined` when it is deleted.
 */
export async function imageNameOf(view: MetadataView, repositoryId: number): Promise<string | undefined> {
  const repository = await view.repositories.findById(repositoryId)
  if (!repository) return undefined
  const aliases = await view.accounts.listAliases(repository.accountId)
  const primary = aliases.find(({ isPrimary }) => isPrimary)?.alias
  return `${primary ?? repository.accountId}/${repository.name}`
}
