import { expect, test } from 'vitest'

import { image, index } from '../support/images.ts'
import { byForm } from '../support/long-form.ts'
import { QuickClient, Refused } from '../support/quick-client.ts'
import type { Ledger } from './ledger.ts'
import { Life } from './life.ts'
import { administrator } from './load.ts'

const stride = byForm({ short: 61, long: 1 })

test.for(['before', 'after'] as const)(
  'a registry that dies right %s any call on its stores keeps what it has acknowledged',
  { timeout: byForm({ short: 30_000, long: 1_800_000 }) },
  async (when) => {
    let kills = 0
    for (let nth = 1 + (process.pid % stride); ; nth += stride) {
      await using life = await Life.begin()
      const { victim, url } = await life.start({ killAt: { nth, when } })
      const isOver = url !== undefined && (await isSurvived(url, life.ledger))
      await victim.kill()
      const successor = (await life.start()).url!
      await life.check(successor)
      expect(await isSurvived(successor, life.ledger)).toBe(true)
      await life.check(successor)
      if (isOver) break
      kills++
    }
    console.log(`${kills} kills ${when} a call`)
  },
)

/** One client's work at both doors. False when the registry dies in the middle of it. */
async function isSurvived(url: string, ledger: Ledger): Promise<boolean> {
  using client = new QuickClient(url, administrator)
  try {
    await work(client, ledger)
    return true
  } catch (error) {
    if (error instanceof Refused) throw error
    return false
  }
}

async function work(client: QuickClient, ledger: Ledger): Promise<void> {
  const name = 'library/app'
  const [first, second, third] = [image(), image(), index([image()])]
  await ledger.tag(name, '1', first, () => client.pushByEndpoint(name, first, '1', 'PATCH in chunks'))
  await ledger.tag(name, '1', second, () => client.pushByApi('app', second, '1'))
  await ledger.tag(name, '2', third, () => client.pushByEndpoint(name, third, '2', 'one POST'))
  await ledger.tag(name, '1', first, () => client.putManifest(name, first, '1'))
  await ledger.tag(name, '2', undefined, async () => {
    await client.send(202, 'DELETE', `/v2/${name}/manifests/2`)
  })
  await ledger.remove(name, second, async () => {
    await client.send(202, 'DELETE', `/v2/${name}/manifests/${second.digest}`)
  })
  await ledger.tag('library/copy', '1', first, async () => {
    for (const { digest } of first.blobs) {
      await client.send(201, 'POST', `/v2/library/copy/blobs/uploads/?mount=${digest}&from=${name}`)
    }
    await client.putManifest('library/copy', first, '1')
  })
}
