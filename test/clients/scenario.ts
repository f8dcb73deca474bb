import { test as base, inject } from 'vitest'
import { RegistryProcess } from '../support/real-process.ts'
import { Workstation } from './workstation.ts'

const logCharactersShown = 8_000

/**
 * A test with real clients. All tests of a file share one registry; each has two machines of its own: that of
 * the `publisher`, who has the administrator's key, and that of a `stranger`, who has never been here and does not log in.
 */
export const scenario = base
  .extend('images', { scope: 'file' }, () => inject('images'))
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('registry', { scope: 'file' }, async ({}, { onCleanup }) => {
    const registry = await RegistryProcess.start()
    onCleanup(() => registry[Symbol.asyncDispose]())
    return registry
  })
  .extend('publisher', async ({ registry, onTestFailed }, { onCleanup }) => {
    const saidBefore = registry.log.length
    onTestFailed(() => {
      console.error(`What the registry said last:\n${registry.log.slice(saidBefore).slice(-logCharactersShown)}`)
    })
    const workstation = await Workstation.open(registry)
    onCleanup(() => workstation[Symbol.asyncDispose]())
    return workstation
  })
  .extend('stranger', async ({ registry }, { onCleanup }) => {
    const workstation = await Workstation.open(registry)
    onCleanup(() => workstation[Symbol.asyncDispose]())
    return workstation
  })
