import { z } from 'zod'

import { repositoryOperation } from './operation.ts'
import { toPolicyShape } from './policy-shape.ts'
import { registryId, repositoryName } from './shapes.ts'

const input = z.object({ registryId: registryId.optional(), repositoryName })

export const getRepositoryPolicy = repositoryOperation(input, async ({ registry, call }, address) =>
  toPolicyShape(await registry.policies.get(call, address)),
)
