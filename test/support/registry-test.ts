import { CreateRepositoryCommand } from '@aws-sdk/client-ecr-public'
import { test as base } from 'vitest'

import { temporaryDirectory } from './temporary-directory.ts'
import { startTestRegistry, type TestRegistryOptions } from './test-registry.ts'

let repositories = 0

export interface RegistryTestOptions extends TestRegistryOptions {
  /** Keeps everything in a folder that is there as long as the registry is. */
  readonly isOnDisk?: boolean
}

/** A test against a registry that all tests of its file share, with an empty repository of its own. */
export function testWithRegistry(options: RegistryTestOptions = {}) {
  return (
    base
      // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
      .extend('registry', { scope: 'file' }, async ({}, { onCleanup }) => {
        const resources = new AsyncDisposableStack()
        onCleanup(() => resources.disposeAsync())
        const folder = options.isOnDisk ? resources.use(await temporaryDirectory('registry')).path : options.folder
        return resources.use(await startTestRegistry({ ...options, ...(folder !== undefined && { folder }) }))
      })
      /** The name of a new repository, as the API has it. */
      .extend('repositoryName', async ({ registry }) => {
        const repositoryName = `team/app-${++repositories}`
        await registry.ecr.send(new CreateRepositoryCommand({ repositoryName }))
        return repositoryName
      })
      /** The same repository as the registry endpoint has it. */
      .extend('imageName', ({ registry, repositoryName }) => `${registry.alias}/${repositoryName}`)
  )
}
