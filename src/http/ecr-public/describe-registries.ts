import { z } from 'zod'

import { registryArn } from '../../iam/arn.ts'
import type { DescribedRegistry } from '../../registry/registries.ts'
import { operation } from './operation.ts'
import { decodePageToken } from './pagination.ts'
import { maxResults, nextToken } from './shapes.ts'

const listName = 'registries'

const input = z.object({ nextToken: nextToken.optional(), maxResults: maxResults.optional() })

/** The caller's registry: a list of one, by the model, whose first page is its last. */
export const describeRegistries = operation(input, async ({ registry, call, host }, request) => {
  const described = await registry.registries.describe(call)
  const after = decodePageToken(listName, request.nextToken)
  const isAhead = after === undefined || described.id > after
  return { registries: isAhead ? [toRegistryShape(host, described)] : [] }
})

/** A `Registry` of the service model. Aliases wait for nobody's review here: every one is active. */
function toRegistryShape(host: string, registry: DescribedRegistry) {
  return {
    registryId: registry.id,
    registryArn: registryArn(registry.id),
    registryUri: `${host}/${registry.primaryAlias ?? registry.id}`,
    verified: registry.isVerified,
    aliases: registry.aliases.map(({ alias, isPrimary }) => ({
      name: alias,
      status: 'ACTIVE',
      primaryRegistryAlias: isPrimary,
      defaultRegistryAlias: alias === registry.defaultAlias,
    })),
  }
}
