import { z } from 'zod'

import { repositoryOperation } from './operation.ts'
import { toRepositoryShape } from './repository-shape.ts'
import { force, registryId, repositoryName } from './shapes.ts'

const input = z.object({ registryId: registryId.optional(), repositoryName, force: force.optional() })

/** Answers the repository that is gone. `force` takes its images along. */
export const deleteRepository = repositoryOperation(input, async ({ registry, call, host }, address, request) => {
  const repository = await registry.repositories.delete(call, address, { isForced: request.force ?? false })
  return { repository: toRepositoryShape(host, repository) }
})
