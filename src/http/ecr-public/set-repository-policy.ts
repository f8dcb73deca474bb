import { z } from 'zod'

import { repositoryOperation } from './operation.ts'
import { toPolicyShape } from './policy-shape.ts'
import { force, policyText, registryId, repositoryName } from './shapes.ts'

const input = z.object({
  registryId: registryId.optional(),
  repositoryName,
  policyText,
  force: force.optional(),
})

/** Replaces the whole policy. `force` sets one that would keep its author from setting another. */
export const setRepositoryPolicy = repositoryOperation(input, async ({ registry, call }, address, request) =>
  toPolicyShape(await registry.policies.set(call, address, request.policyText, { isForced: request.force ?? false })),
)
