import type { RepositoryPolicy } from '../../registry/policies.ts'

/** What all three operations on a repository's policy answer. */
export function toPolicyShape({ repository, text }: RepositoryPolicy) {
  return { registryId: repository.accountId, repositoryName: repository.name, policyText: text }
}
