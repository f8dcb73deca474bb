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

  const gone = await until('their lines', async () => {
    const lines = linesOf(registry).filter(({ failure }) => failure === 'ClientGone')
    return lines.length === 6 && lines
  })
  const [pulled, ...pushed] = gone.sort((one, other) => one.method!.localeCompare(other.method!))
  expect(pulled).toMatchObject({ method: 'GET', principal: 'anonymous', status: 200 })
  for (const line of pushed) expect(line).toMatchObject({ method: 'PATCH', level: 30 })
  for (const line of pushed) expect(line.status).toBeUndefined()
  expect(linesOf(registry).filter(({ level }) => level > 30)).toEqual([])
})

interface Line {
  readonly level: number
  readonly method?: string
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
