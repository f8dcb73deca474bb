import { z } from 'zod'

import { parseRepositoryName } from '../../oci/repository-name.ts'
import { operation } from './operation.ts'
import { toRepositoryShape } from './repository-shape.ts'
import { repositoryName } from './shapes.ts'

export const createRepository = operation(z.object({ repositoryName }), async ({ registry, call, host }, input) => {
  const repository = await registry.repositories.create(call, parseRepositoryName(input.repositoryName))
  return { repository: toRepositoryShape(host, repository), catalogData: {} }
})
