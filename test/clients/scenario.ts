import { test as base, inject } from 'vitest'
import { RegistryProcess } from '../support/real-process.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { Workstation } from './workstation.ts'

const logCharactersShown = 8_000

/**
 * A test with real clients. All tests of a file share one registry; each has two machines of its own: that of
 * the `publisher`, who has the administrator's key, and that of a `stranger`, who has never been here and does not log in.
 */
export const scenario = base
  .extend('images', { scope: 'file' }, () => inject('images'))
  /** Folders whose programs come before all others on both machines; to be overridden. */
  .extend('programs', (): readonly string[] => [])
  /** Who certified the registry; without one it is served over plain HTTP. To be overridden. */
  .extend('authority', { scope: 'file' }, (): CertificateAuthority | undefined => undefined)
  .extend('registry', { scope: 'file' }, async ({ authority }, { onCleanup }) => {
    const registry = await RegistryProcess.start(authority?.settings)
    onCleanup(() => registry[Symbol.asyncDispose]())
    return registry
  })
  .extend('publisher', async ({ registry, programs, authority, onTestFailed }, { onCleanup }) => {
    const saidBefore = registry.log.length
    onTestFailed(() => {
      console.error(`What the registry said last:\n${registry.log.slice(saidBefore).slice(-logCharactersShown)}`)
    })
    const workstation = await Workstation.open(registry, { programs, authority })
    onCleanup(() => workstation[Symbol.asyncDispose]())
    return workstation
  })
  .extend('stranger', async ({ registry, programs, authority }, { onCleanup }) => {
    const workstation = await Workstation.open(registry, { programs, authority })
    onCleanup(() => workstation[Symbol.asyncDispose]())
    return workstation
  })
