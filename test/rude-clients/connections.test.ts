import { afterAll, beforeAll, describe, expect } from 'vitest'

import { defaultHttpLimits } from '../../src/http/limits.ts'
import { randomContent } from '../support/images.ts'
import { expectStatus, pushBlob, startUpload } from '../support/push.ts'
import { head, RawConnection, sendRaw } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'

const limits = { silenceMsMax: 400, keepAliveMs: 100, headersMsMax: 200, unwantedMsMax: 300, unwantedBytesMax: 8_000_000 }
const test = testWithRegistry({ config: { http: { ...defaultHttpLimits, ...limits } } })
  .extend('push', async ({ registry, imageName }) => (blob = randomContent(200_000), headers = {}, version = '1.1') => {
    const line = `POST /v2/${imageName}/blobs/uploads/?digest=${blob.digest}`
    const { host, oci } = registry
    const lines = head(line, { host, authorization: oci.authorization!, 'content-length': blob.size, ...headers })
    return { blob, head: lines.replace('HTTP/1.1', `HTTP/${version}`), body: blob.bytes }
  })

