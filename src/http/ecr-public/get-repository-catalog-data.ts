import { z } from 'zod'

import { toCatalogShape } from './catalog-shape.ts'
import { repositoryOperation } from './operation.ts'
import { registryId, repositoryName } from './shapes.ts'

const input = z.object({ registryId: registryId.optional(), repositoryName })

export const getRepositoryCatalogData = repositoryOperation(input, async ({ registry, call, url }, address) => {
  return { catalogData: toCatalogShape(url, await registry.catalog.get(call, address)) }
})
