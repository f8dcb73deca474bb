import { readdirSync, readlinkSync } from 'node:fs'

const descriptors = '/proc/self/fd'

/** The files below `folder` that this process has open, by path: of Linux only, which lists them. */
export function openFilesIn(folder: string): string[] {
  return readdirSync(descriptors)
    .map(pathOf)
    .filter((path) => path.startsWith(`${folder}/`))
}

function pathOf(descriptor: string): string {
  try {
    return readlinkSync(`${descriptors}/${descriptor}`)
  } catch {
    // Closed meanwhile, as the one that lists them is.
    return ''
  }
}
