import { Readable } from 'node:stream'

import { expect, test } from 'vitest'

import { jsonOf } from '../../../test/support/answer.ts'
import { randomContent } from '../../../test/support/images.ts'
import { errorCodes, OciClient } from '../../../test/support/oci-client.ts'
import { pushBlob } from '../../../test/support/push.ts'
import { sendSigned } from '../../../test/support/signed-request.ts'
import { type App, createApp } from '../../assemble.ts'
import { BlobStoreUnavailable } from '../../blobs/blob-store.ts'
import { MemoryBlobStore } from '../../blobs/memory/memory-blob-store.ts'

/** A store that cannot be read from any more. */
class UnreadableBlobStore extends MemoryBlobStore {
  fails: 'to open' | 'to read' = 'to open'

  override async open(): Promise<Readable> {
    const failure = new BlobStoreUnavailable('the disk is gone')
    if (this.fails === 'to open') throw failure
    return new Readable({ read: () => undefined }).destroy(failure)
  }
}

test.for([
  ['to open', undefined],
  ['to open', 'bytes=0-9'],
  ['to open', 'bytes=0-9,20-29'],
  ['to read', undefined],
  ['to read', 'bytes=0-9'],
] as const)('a blob that fails %s (%s) is unavailable, and nothing else is said of it', async ([fails, range]) => {
  const blobs = new UnreadableBlobStore()
  await using app = await createApp({}, { stores: (stores) => ({ ...stores, blobs }) })
  const oci = await clientOf(app)
  const blob = randomContent(100)
  await pushBlob(oci, 'library/app', blob)
  blobs.fails = fails

  const answer = await oci.get(`/v2/library/app/blobs/${blob.digest}`, range ? { range } : {})
  expect([answer.status, errorCodes(answer)]).toEqual([503, ['UNAVAILABLE']])
  const toldOfBlob = ['cache-control', 'etag', 'docker-content-digest', 'content-range', 'accept-ranges']
  expect(toldOfBlob.filter((name) => answer.headers.has(name))).toEqual([])
  expect(answer.headers.get('retry-after')).toBe('5')
})

async function clientOf(app: App): Promise<OciClient> {
  const url = await app.listen()
  const answer = await sendSigned(url, { key: app.newAdminKey!, operation: 'GetAuthorizationToken', body: '{}' })
  const { authorizationData } = jsonOf(answer) as { authorizationData: { authorizationToken: string } }
  return new OciClient(url, `Bearer ${authorizationData.authorizationToken}`)
}
