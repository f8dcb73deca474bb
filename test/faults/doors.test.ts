import { describe, expect, test } from 'vitest'

import { createApp } from '../../src/assemble.ts'
import { parseAlias } from '../../src/oci/repository-name.ts'
import type { Stores } from '../../src/stores.ts'
import { FailNth, type FaultKind, faultKinds } from '../support/fail-nth.ts'
import { findingsIn } from '../support/findings.ts'
import { image, index, type Manifest } from '../support/images.ts'
import { byForm } from '../support/long-form.ts'
import { type EndpointUpload, QuickClient, Refused } from '../support/quick-client.ts'
import { wrapStores } from '../support/wrapped-stores.ts'

/** What clients do at one of the doors, in a repository of its own. Taken from its start again, it comes to its end. */
type Visit = (client: QuickClient, name: string, pushed: Manifest) => Promise<void>

const visits: Readonly<Record<string, Visit>> = {
  ...Object.fromEntries(
    (['one POST', 'POST and PUT', 'PATCH in chunks'] satisfies EndpointUpload[]).map((how) => [
      `the registry endpoint, ${how}`,
      async (client: QuickClient, name: string, pushed: Manifest) => {
        await client.pushByEndpoint(`library/${name}`, pushed, '1', how)
        await client.expectPulled(`library/${name}`, pushed, '1')
      },
    ]),
  ),
  'the registry endpoint, mounts, lists and deletions': async (client, name, pushed) => {
    await client.pushByEndpoint(`library/${name}`, pushed, '1')
    for (const { digest } of pushed.blobs) {
      await client.send(201, 'POST', `/v2/library/${name}/copy/blobs/uploads/?mount=${digest}&from=library/${name}`)
    }
    await client.putManifest(`library/${name}/copy`, pushed, 'deleted')
    await client.send(200, 'GET', `/v2/library/${name}/copy/tags/list`)
    await client.send(200, 'GET', `/v2/library/${name}/copy/referrers/${pushed.digest}`)
    await client.send(202, 'DELETE', `/v2/library/${name}/copy/manifests/deleted`)
    await client.send(202, 'DELETE', `/v2/library/${name}/copy/manifests/${pushed.digest}`)
  },
  'the API': async (client, name, pushed) => {
    const repositoryName = name
    await client.call('CreateRepository', { repositoryName }).catch(unless('RepositoryAlreadyExistsException'))
    await client.pushByApi(name, index([pushed]), '1')
    await client.call('BatchCheckLayerAvailability', { repositoryName, layerDigests: [pushed.blobs[0]!.digest] })
    await client.call('DescribeImages', { repositoryName })
    await client.call('DescribeImageTags', { repositoryName })
    await client.call('BatchDeleteImage', { repositoryName, imageIds: [{ imageTag: '1' }] })
    await client.putImage(name, pushed, '2')
    await client.expectPulled(`library/${name}`, pushed, '2')
  },
}

const administrator = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
}

/** Of the calls that could fail, every so many do; another one each time. */
const stride = byForm({ short: 7, long: 1 })

describe.for(Object.entries(visits))('at %s, a store that fails', ([, visit]) => {
  test.for(faultKinds)('$when a call, $lasts, is answered with 503, and all is well afterwards', async (kind) => {
    const faults = new FailNth()
    let stores: Stores | undefined
    await using app = await createApp(
      { account: { id: '000000000000', alias: parseAlias('library'), adminKey: administrator } },
      {
        stores: (opened) => {
          stores = opened
          return wrapStores(opened, faults.around)
        },
      },
    )
    const url = await app.listen()
    let nth = 1 + (process.pid % stride)
    while (await survives({ url, stores: stores!, faults, kind, nth }, visit)) nth += stride
  })
})

let repositories = 0

async function survives(
  { url, stores, faults, kind, nth }: { url: string; stores: Stores; faults: FailNth; kind: FaultKind; nth: number },
  visit: Visit,
): Promise<boolean> {
  using client = new QuickClient(url, administrator)
  const name = `app-${++repositories}`
  const pushed = image()
  faults.arm(kind, nth)
  const failure: unknown = await visit(client, name, pushed).then(
    () => undefined,
    (error) => error,
  )
  faults.disarm()
  const where = `call ${nth}, ${faults.firedAt}`
  if (failure !== undefined && !isForgivable(failure, faults.firedAt)) throw new Error(where, { cause: failure })
  expect(await findingsIn(stores), where).toEqual([])
  await visit(client, name, pushed)
  return faults.firedAt !== undefined
}

function isForgivable(failure: unknown, firedAt: string | undefined): boolean {
  if (failure instanceof Refused) {
    expect(failure.answer.headers['retry-after']).toBe('5')
    return failure.status === 503
  }
  // The answer had begun when the store failed to go on with it: all that is left is to break it off.
  return (
    firedAt === 'blobs.open chunk' && failure instanceof Error && 'code' in failure && failure.code === 'ECONNRESET'
  )
}

function unless(type: string): (error: unknown) => void {
  return (error) => {
    if (!(error instanceof Refused && error.answer.bytes.includes(type))) throw error
  }
}
