import { z } from 'zod'

import { catalogBodyBytesMax, toCatalogData, toCatalogShape } from './catalog-shape.ts'
import { repositoryOperation } from './operation.ts'
import { registryId, repositoryCatalogData, repositoryName } from './shapes.ts'

const input = z.object({ registryId: registryId.optional(), repositoryName, catalogData: repositoryCatalogData })

/**
 * Replaces all that is said of the repository, but for a logo that is not given: nobody can read one back to send it
 * again.
 */
export const putRepositoryCatalogData = repositoryOperation(
  input,
  async (exchange, address, { catalogData }) => {
    const { registry, call, url } = exchange
    const catalog = await registry.catalog.put(call, address, toCatalogData(catalogData))
    return { catalogData: toCatalogShape(url, catalog) }
  },
  { bodyBytesMax: catalogBodyBytesMax },
)
