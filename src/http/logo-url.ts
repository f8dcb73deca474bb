/** Where logos are served, as the router spells it. */
export const logoRoute = '/logo/:logoId'

/** `url` is what this client is told the registry is called: see `Origin.urlFor`. */
export function logoUrl(url: string, logoId: string): string {
  return `${url}/logo/${logoId}`
}
