import { z } from 'zod'

import { repositoryOperation } from './operation.ts'
import { repositoryNamedBy } from './resource-arn.ts'
import { resourceArn } from './shapes.ts'
import { toTagShapes } from './tag-shape.ts'

const input = z.object({ resourceArn }).transform((request) => repositoryNamedBy(request.resourceArn))

export const listTagsForResource = repositoryOperation(input, async ({ registry, call }, address) => {
  return { tags: toTagShapes(await registry.resourceTags.list(call, address)) }
})
