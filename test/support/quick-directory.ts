import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { TemporaryDirectory } from './temporary-directory.ts'

const memoryFolder = '/dev/shm'

/** As `temporaryDirectory`, but in memory where the system offers that: for tests that sync thousands of times. */
export async function quickDirectory(purpose: string): Promise<TemporaryDirectory> {
  const parent = existsSync(memoryFolder) ? memoryFolder : tmpdir()
  const path = await mkdtemp(join(parent, `waybill-${purpose}-`))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) }
}
