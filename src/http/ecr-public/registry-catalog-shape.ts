import type { RegistryCatalogData } from '../../registry/catalog.ts'

/** A `RegistryCatalogData` of the service model: no name is left out, not empty. */
export function toRegistryCatalogShape({ displayName }: RegistryCatalogData) {
  return displayName === '' ? {} : { displayName }
}
