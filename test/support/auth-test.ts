import { test } from 'vitest'

import { startAuth } from './auth-parts.ts'

/** A test with everything that knows who somebody is, over an empty store of its own. */
// biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
export const authTest = test.extend('auth', async ({}, { onCleanup }) => {
  const auth = await startAuth()
  onCleanup(() => auth[Symbol.asyncDispose]())
  return auth
})
