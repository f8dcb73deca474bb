import { repositoryArn } from '../../iam/arn.ts'
import type { DescribedRepository } from '../../registry/repositories.ts'

/** A `Repository` of the service model. Times are in seconds, with milliseconds behind the point. */
export function toRepositoryShape(host: string, repository: DescribedRepository) {
  const { accountId, name, primaryAlias, createdAt } = repository
  return {
    repositoryArn: repositoryArn(accountId, name),
    registryId: accountId,
    repositoryName: name,
    repositoryUri: `${host}/${primaryAlias ?? accountId}/${name}`,
    createdAt: createdAt / 1000,
  }
}
