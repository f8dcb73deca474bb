import { access, constants } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '../support/command.ts'
import { searchPath } from './search-path.ts'

export interface FoundProgram {
  readonly path: string
  /** What it said when asked. */
  readonly version: string
  /** Tells it from the others found, in names of repositories. */
  readonly name: string
}

/**
 * All generations of a program that this machine has, the newer clients among them: each one that answers to
 * `versionArgs`, the first of those that give the same answer. Throws if there is none.
 */
export async function everyOnPath(command: string, versionArgs: readonly string[]): Promise<FoundProgram[]> {
  const found = new Map<string, string>()
  for (const folder of searchPath()) {
    const path = join(folder, command)
    const version = await access(path, constants.X_OK)
      .then(() => runCommand(path, versionArgs))
      .catch(() => undefined)
    if (version !== undefined && !found.has(version)) found.set(version, path)
  }
  if (found.size === 0) throw new Error(`No ${command} on the PATH answers to ${versionArgs.join(' ')}`)
  return [...found].map(([version, path], index) => ({ path, version, name: `${command}-${index + 1}` }))
}
