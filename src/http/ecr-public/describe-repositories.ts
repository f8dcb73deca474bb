import { z } from 'zod'

import { refuse } from '../../errors.ts'
import { parseRepositoryName, type RepositoryName } from '../../oci/repository-name.ts'
import type { DescribedRepository } from '../../registry/repositories.ts'
import { operation, registryOf, repositoryOf } from './operation.ts'
import { decodePageToken, page, pageDefault } from './pagination.ts'
import { toRepositoryShape } from './repository-shape.ts'
import { maxResults, nextToken, registryId, repositoryNames } from './shapes.ts'

const listName = 'repositories'

const input = z.object({
  registryId: registryId.optional(),
  repositoryNames: repositoryNames.optional(),
  nextToken: nextToken.optional(),
  maxResults: maxResults.optional(),
})

/** The repositories named, or all of the registry's, a page at a time. One unknown name fails the whole request. */
export const describeRepositories = operation(input, async (exchange, request) => {
  const { registry, call, host } = exchange
  const { registryId, repositoryNames } = request
  if (repositoryNames) {
    if (request.maxResults !== undefined || request.nextToken !== undefined) {
      throw refuse('ParameterInvalid', {
        path: request.nextToken === undefined ? 'maxResults' : 'nextToken',
        constraint: 'Member must be null where repositoryNames are given',
      })
    }
    const repositories: DescribedRepository[] = []
    for (const repositoryName of new Set(repositoryNames)) {
      repositories.push(
        await registry.repositories.describe(call, repositoryOf(exchange, { registryId, repositoryName })),
      )
    }
    return { repositories: repositories.map((repository) => toRepositoryShape(host, repository)) }
  }
  const size = request.maxResults ?? pageDefault
  const after = decodePageToken(listName, request.nextToken)
  const found = await registry.repositories.list(call, registryOf(exchange, registryId), {
    after: after === undefined ? undefined : parseAfter(after),
    limit: size + 1,
  })
  const { rows, ...next } = page(listName, found, size, (repository) => repository.name)
  return { repositories: rows.map((repository) => toRepositoryShape(host, repository)), ...next }
})

function parseAfter(name: string): RepositoryName {
  return parseRepositoryName(name)
}
