import { expect, test } from 'vitest'

import { type App, createApp, type Stores } from '../../src/assemble.ts'
import { isUnavailable } from '../../src/http/unavailable.ts'
import { parseAlias } from '../../src/oci/repository-name.ts'
import { FailNth, faultKinds } from '../support/fail-nth.ts'
import { findingsIn } from '../support/findings.ts'
import { image } from '../support/images.ts'
import { QuickClient } from '../support/quick-client.ts'
import { quickDirectory } from '../support/quick-directory.ts'
import { wrapStores } from '../support/wrapped-stores.ts'

const administrator = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

/** Starts on a folder, with the stores as `wrap` makes them. */
function start(folder: string, wrap: (stores: Stores) => Stores = (stores) => stores): Promise<App> {
  const account = { id: '000000000000', alias: parseAlias('library'), adminKey: administrator }
  return createApp({ storage: { kind: 'filesystem', folder }, account }, { stores: wrap })
}

test.for(faultKinds)('a first start whose stores fail $when any call, $lasts, can be repeated', async (kind) => {
  for (let nth = 1; ; nth++) {
    await using folder = await quickDirectory('start')
    const faults = new FailNth()
    faults.arm(kind, nth)
    const failure: unknown = await start(folder.path, (stores) => wrapStores(stores, faults.around)).then(
      (app) => app[Symbol.asyncDispose](),
      (error) => error,
    )
    if (failure !== undefined && !isUnavailable(failure)) throw new Error(`call ${nth}`, { cause: failure })
    await expectWorking(folder.path)
    if (faults.firedAt === undefined) return
  }
})

test.for(faultKinds)('a later start whose stores fail $when any call, $lasts, loses nothing', async (kind) => {
  await using folder = await quickDirectory('start')
  const pushed = image()
  await expectWorking(folder.path, (client) => client.pushByEndpoint('library/app', pushed, '1'))
  for (let nth = 1; ; nth++) {
    const faults = new FailNth()
    faults.arm(kind, nth)
    const failure: unknown = await start(folder.path, (stores) => wrapStores(stores, faults.around)).then(
      (app) => app[Symbol.asyncDispose](),
      (error) => error,
    )
    if (failure !== undefined && !isUnavailable(failure)) throw new Error(`call ${nth}`, { cause: failure })
    await expectWorking(folder.path, (client) => client.expectPulled('library/app', pushed, '1'))
    if (faults.firedAt === undefined) return
  }
})

/** Starts as if nothing had been: the administrator's key is good, nothing is broken, a push is taken. */
async function expectWorking(folder: string, use?: (client: QuickClient) => Promise<void>): Promise<void> {
  let stores: Stores | undefined
  await using app = await start(folder, (opened) => {
    stores = opened
    return opened
  })
  using client = new QuickClient(await app.listen(), administrator)
  await use?.(client)
  await client.pushByEndpoint('library/afterwards', image(), '1')
  expect(await findingsIn(stores!)).toEqual([])
}
