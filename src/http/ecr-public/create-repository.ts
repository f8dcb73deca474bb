import { z } from 'zod'

import { repositoryArn } from '../../iam/arn.ts'
import { parseRepositoryName } from '../../oci/repository-name.ts'
import { catalogBodyBytesMax, toCatalogData, toCatalogShape } from './catalog-shape.ts'
import { operation } from './operation.ts'
import { toRepositoryShape } from './repository-shape.ts'
import { repositoryCatalogData, repositoryName, tagList } from './shapes.ts'
import { parseTags } from './tag-shape.ts'

const input = z.object({
  repositoryName,
  catalogData: repositoryCatalogData.optional(),
  tags: tagList.optional(),
})

export const createRepository = operation(
  input,
  async ({ registry, call, accountId, host, url }, request) => {
    const name = parseRepositoryName(request.repositoryName)
    const tags = parseTags(repositoryArn(accountId, name), request.tags ?? [])
    const { repository, catalog } = await registry.catalog.createRepository(call, name, {
      data: request.catalogData && toCatalogData(request.catalogData),
      // Giving none at all needs no leave to tag.
      ...(tags.size > 0 && { tags }),
    })
    return { repository: toRepositoryShape(host, repository), catalogData: toCatalogShape(url, catalog) }
  },
  { bodyBytesMax: catalogBodyBytesMax },
)
