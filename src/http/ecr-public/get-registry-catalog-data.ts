import { z } from 'zod'

import { operation } from './operation.ts'
import { toRegistryCatalogShape } from './registry-catalog-shape.ts'

export const getRegistryCatalogData = operation(z.object({}), async ({ registry, call }) => {
  return { registryCatalogData: toRegistryCatalogShape(await registry.catalog.getRegistry(call)) }
})
