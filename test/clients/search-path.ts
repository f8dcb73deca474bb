import { delimiter, join } from 'node:path'
import { inject } from 'vitest'

/** Where programs are looked for: on this machine's PATH, and behind it in what fetch-newer-clients.sh has unpacked. */
export function searchPath(): string[] {
  return [...new Set([...(process.env.PATH ?? '').split(delimiter), ...newerPrograms()])]
}

/** The folders of the newer clients alone. */
export function newerPrograms(): string[] {
  return ['bin', 'sbin'].map((folder) => join(inject('newerClients'), 'usr', folder))
}
