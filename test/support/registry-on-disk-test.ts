import { testWithRegistry } from './registry-test.ts'
import { temporaryDirectory } from './temporary-directory.ts'
import { startTestRegistry, type TestRegistryOptions } from './test-registry.ts'

/** As `testWithRegistry`, with the registry's data in `folder`, which is there until the registry has ended. */
export function testWithRegistryOnDisk(options: TestRegistryOptions = {}) {
  return (
    testWithRegistry()
      // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
      .extend('folder', { scope: 'file' }, async ({}, { onCleanup }) => {
        const folder = await temporaryDirectory('registry')
        onCleanup(() => folder[Symbol.asyncDispose]())
        return folder.path
      })
      .extend('registry', { scope: 'file' }, async ({ folder }, { onCleanup }) => {
        const registry = await startTestRegistry({ ...options, folder })
        onCleanup(() => registry[Symbol.asyncDispose]())
        return registry
      })
  )
}
