import { CreateRepositoryCommand } from '@aws-sdk/client-ecr-public'
import { test as base } from 'vitest'

import { startTestRegistry, type TestRegistryOptions } from './test-registry.ts'

let repositories = 0

/** A test against a registry that all tests of its file share, with an empty repository of its own. */
export function testWithRegistry(options: TestRegistryOptions = {}) {
  return (
    base
      // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
      .extend('registry', { scope: 'file' }, async ({}, { onCleanup }) => {
        const registry = await startTestRegistry(options)
        onCleanup(() => registry[Symbol.asyncDispose]())
        return registry
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
