import { readdir, readFile } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { jsonOf } from '../support/answer.ts'
import { OciClient } from '../support/oci-client.ts'
import { startUpload } from '../support/push.ts'
import { head, RawConnection } from '../support/raw-http.ts'
import { RegistryProcess } from '../support/real-process.ts'
import { sendSigned } from '../support/signed-request.ts'

const mebibyte = 1024 * 1024
const gibibyte = 1024 * mebibyte
/** How much more memory than before the registry may come to hold, whatever is thrown at it. */
const growthBytesMax = 128 * mebibyte
const layerBytesMax = 192 * mebibyte
const zeros = Buffer.alloc(mebibyte)

test('a flood of zeros, wanted or not, does not fill the memory', { timeout: 60_000 }, async () => {
  await using registry = await RegistryProcess.start({ WAYBILL_LAYER_BYTES_MAX: String(layerBytesMax) })
  const oci = await clientOf(registry)
  const pid = await pidOf(registry)
  await flood(registry, oci, 'PATCH', await startUpload(oci, 'library/app'), 32 * mebibyte)
  const before = await residentBytes(pid, 'VmRSS')

  const unknown = '/v2/library/app/blobs/uploads/00000000-0000-4000-8000-000000000000'
  const floods = await Promise.all([
    flood(registry, oci.as(undefined), 'POST', '/', gibibyte),
    flood(registry, oci.as(undefined), 'POST', '/v2/library/app/blobs/uploads/', gibibyte),
    flood(registry, oci, 'PATCH', unknown, gibibyte),
    flood(registry, oci, 'PATCH', await startUpload(oci, 'library/app'), gibibyte),
    flood(registry, oci, 'PATCH', await startUpload(oci, 'library/app'), layerBytesMax),
  ])
  expect(floods.map((answer) => answer.status)).toEqual([400, 401, 404, 413, 202])
  // Those that were refused were not read to their end.
  for (const { sentBytes } of floods.slice(0, 3)) expect(sentBytes).toBeLessThan(gibibyte / 4)

  expect((await residentBytes(pid, 'VmHWM')) - before).toBeLessThan(growthBytesMax)
  // A client that hangs up, or is hung up on, is no fault of the registry.
  expect(registry.log).not.toContain('"level":50')
})

/** Sends zeros until it has sent them all or is hung up on. An answer that comes meanwhile does not stop it. */
async function flood(
  registry: RegistryProcess,
  { authorization }: OciClient,
  method: string,
  path: string,
  bytes: number,
): Promise<{ status: number; sentBytes: number }> {
  using connection = await RawConnection.open(registry.url)
  const headers = { Host: registry.host, ...(authorization !== undefined && { Authorization: authorization }) }
  await connection.write(head(`${method} ${path}`, { ...headers, 'Content-Length': bytes }))
  let sentBytes = 0
  while (sentBytes < bytes && !connection.isOver) {
    await connection.write(zeros)
    sentBytes += zeros.length
  }
  const answer = await connection.answer()
  return { status: answer?.status ?? 0, sentBytes }
}

async function clientOf(registry: RegistryProcess): Promise<OciClient> {
  const key = registry.administrator
  const answer = await sendSigned(registry.url, { key, operation: 'GetAuthorizationToken', body: '{}' })
  const { authorizationData } = jsonOf(answer) as { authorizationData: { authorizationToken: string } }
  return new OciClient(registry.url, `Bearer ${authorizationData.authorizationToken}`)
}

/** The process that has this registry's data folder in its environment. */
async function pidOf(registry: RegistryProcess): Promise<string> {
  for (const pid of (await readdir('/proc')).filter((name) => /^\d+$/.test(name))) {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    if (environment.includes(`WAYBILL_DATA=${registry.dataDirectory}\0`)) return pid
  }
  throw new Error('The registry has no process')
}

/** `VmRSS`: what a process holds in memory now; `VmHWM`: the most that it ever held. */
async function residentBytes(pid: string, field: 'VmRSS' | 'VmHWM'): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
}
