import type { z } from 'zod'

import type { CatalogRecord } from '../../metadata/metadata-store.ts'
import type { CatalogData } from '../../registry/catalog.ts'
import { logoUrl } from '../logo-url.ts'
import type { repositoryCatalogData } from './shapes.ts'

export function toCatalogData({ logoImageBlob: logo, ...said }: z.output<typeof repositoryCatalogData>): CatalogData {
  return { ...said, logo }
}

/**
 * A `RepositoryCatalogData` of the service model. What was never set is left out, of a repository that nothing was ever
 * said of all: Terraform takes no other answer for that.
 */
export function toCatalogShape(url: string, catalog: CatalogRecord | undefined) {
  const { logoId, ...said } = catalog ?? { logoId: undefined }
  // JSON leaves out members that are undefined.
  return { ...said, logoUrl: logoId === undefined ? undefined : logoUrl(url, logoId) }
}
