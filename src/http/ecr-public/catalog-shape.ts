import type { z } from 'zod'

import type { CatalogRecord } from '../../metadata/metadata-store.ts'
import type { CatalogData } from '../../registry/catalog.ts'
import { logoUrl } from '../logo-url.ts'
import type { repositoryCatalogData } from './shapes.ts'

/** All that can be said of a repository: a logo in base64, and two pages of text, every character escaped. */
export const catalogBodyBytesMax = 1536 * 1024

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
