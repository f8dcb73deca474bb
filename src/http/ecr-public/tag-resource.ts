import { z } from 'zod'

import { repositoryOperation } from './operation.ts'
import { repositoryNamedBy } from './resource-arn.ts'
import { resourceArn, tagList } from './shapes.ts'
import { parseTags } from './tag-shape.ts'

const input = z
  .object({ resourceArn, tags: tagList })
  .transform((request) => ({ ...request, ...repositoryNamedBy(request.resourceArn) }))

/** Sets the tags given, over those of the same keys, and leaves the others alone. */
export const tagResource = repositoryOperation(input, async ({ registry, call }, address, request) => {
  await registry.resourceTags.add(call, address, parseTags(request.resourceArn, request.tags))
  return {}
})
