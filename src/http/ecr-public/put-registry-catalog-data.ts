import { z } from 'zod'

import { operation } from './operation.ts'
import { toRegistryCatalogShape } from './registry-catalog-shape.ts'
import { displayName } from './shapes.ts'

const input = z.object({ displayName: displayName.optional() })

/** Replaces all that is said of the registry: what is left out, its name included, is said no longer. */
export const putRegistryCatalogData = operation(input, async ({ registry, call }, request) => {
  const data = await registry.catalog.putRegistry(call, { displayName: request.displayName ?? '' })
  return { registryCatalogData: toRegistryCatalogShape(data) }
})
