import { z } from 'zod'

import { parseTagKeys } from '../../registry/resource-tags.ts'
import { repositoryOperation } from './operation.ts'
import { repositoryNamedBy } from './resource-arn.ts'
import { resourceArn, tagKeyList } from './shapes.ts'

const input = z
  .object({ resourceArn, tagKeys: tagKeyList })
  .transform((request) => ({ ...request, ...repositoryNamedBy(request.resourceArn) }))

export const untagResource = repositoryOperation(input, async ({ registry, call }, address, { tagKeys }) => {
  await registry.resourceTags.remove(call, address, parseTagKeys(tagKeys))
  return {}
})
