import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { ask } from '../support/answer.ts'
import { RegistryProcess } from '../support/real-process.ts'
import { until } from '../support/until.ts'

const startMsMax = 30_000

test('a process says that it is to stop before it does, and is made read-only and back by a signal', {
  timeout: startMsMax,
}, async () => {
  await using registry = await RegistryProcess.start({ WAYBILL_DRAIN_MS: '400' })
  const statusOf = async (path: string) => (await ask('GET', `${registry.url}${path}`)).status
  const metrics = async () => (await ask('GET', `${registry.url}/metrics`)).bytes.toString()
  expect(await statusOf('/health/ready')).toBe(200)

  const pid = Number(await readFile(join(registry.dataDirectory, 'waybill.pid'), 'utf8'))
  for (const value of [1, 0]) {
    process.kill(pid, 'SIGUSR2')
    await until(`waybill_read_only to be ${value}`, async () =>
      (await metrics()).includes(`\nwaybill_read_only ${value}\n`),
    )
  }
  expect(await metrics()).toMatch(/^waybill_sync_seconds_count\{store="blobs"\} [1-9]/m)

  const stopped = registry.stop()
  await until('the process to say that it is not ready', async () => (await statusOf('/health/ready')) === 503)
  expect(await statusOf('/v2/')).toBe(401)
  await stopped
})
