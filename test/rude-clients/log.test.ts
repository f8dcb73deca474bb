import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'

import { expect, test } from 'vitest'

import { jsonOf } from '../support/answer.ts'
import { randomContent } from '../support/images.ts'
import { OciClient } from '../support/oci-client.ts'
import { pushBlob, startUpload } from '../support/push.ts'
import { head, RawConnection } from '../support/raw-http.ts'
import { RegistryProcess } from '../support/real-process.ts'
import { sendSigned } from '../support/signed-request.ts'
import { until } from '../support/until.ts'

test('a client that hangs up has its line in the log, and is nobody’s mistake', { timeout: 20_000 }, async () => {
  await using registry = await RegistryProcess.start()
  const oci = await clientOf(registry)
  const blob = randomContent(16 * 1024 * 1024)
  await pushBlob(oci, 'library/app', blob)

  const [pull] = (await once(get(`${registry.url}/v2/library/app/blobs/${blob.digest}`), 'response')) as [
    IncomingMessage,
  ]
  pull.on('error', () => undefined).destroy()
  // What was sent is there, and has not been read yet, when the connection ends.
  for (let time = 0; time < 5; time++) {
    const location = await startUpload(oci, 'library/app')
    using push = await RawConnection.open(registry.url)
    const headers = { host: registry.host, authorization: oci.authorization!, 'content-length': 100_000 }
    await push.write(head(`PATCH ${location}`, headers) + 'x'.repeat(100_000))
    push.reset()
  }

  const [pulls, pushes] = await until('their lines', async () => {
    const lines = ['GET', 'PATCH'].map((sent) =>
      linesOf(registry).filter(({ method, path }) => method === sent && path?.includes('/blobs/')),
    )
    return lines[0]!.length === 1 && lines[1]!.length === 5 && lines
  })
  expect(pulls).toEqual([expect.objectContaining({ principal: 'anonymous', status: 200, failure: 'ClientGone' })])
  // One that was quick enough is answered, though nobody hears it.
  for (const { status, failure } of pushes!)
    expect([status, failure]).toBeOneOf([
      [undefined, 'ClientGone'],
      [202, undefined],
    ])
  expect(linesOf(registry).filter(({ level }) => level > 30)).toEqual([])
})

interface Line {
  readonly level: number
  readonly method?: string
  readonly path?: string
  readonly status?: number
  readonly failure?: string
}

function linesOf({ log }: RegistryProcess): Line[] {
  return log
    .split('\n')
    .filter((line) => line.startsWith('{') && line.endsWith('}'))
    .map((line) => JSON.parse(line))
}

async function clientOf(registry: RegistryProcess): Promise<OciClient> {
  const key = registry.administrator
  const answer = await sendSigned(registry.url, { key, operation: 'GetAuthorizationToken', body: '{}' })
  const { authorizationData } = jsonOf(answer) as { authorizationData: { authorizationToken: string } }
  return new OciClient(registry.url, `Bearer ${authorizationData.authorizationToken}`)
}
