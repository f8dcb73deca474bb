import { describe, expect } from 'vitest'

import { operationNames } from '../../../src/http/ecr-public/operations.ts'
import { jsonOf } from '../../support/answer.ts'
import { content } from '../../support/images.ts'
import { head, RawConnection } from '../../support/raw-http.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { sign } from '../../support/signed-request.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

const mebibyte = 1024 * 1024

/** In MiB; every other operation takes one. */
const largest: Readonly<Record<string, number>> = {
  CreateRepository: 1.5,
  PutImage: 26,
  PutRepositoryCatalogData: 1.5,
  UploadLayerPart: 30,
}

describe('a body that is too large is refused before any of it is read', () => {
  test.for(operationNames)('%s', async (operation, { registry }) => {
    const bytesMax = (largest[operation] ?? 1) * mebibyte
    using connection = await RawConnection.open(registry.url)
    await connection.write(await headOf(registry, operation, { 'content-length': bytesMax + 1 }))
    const answer = await connection.answer()
    expect([answer?.status, answer && jsonOf(answer)]).toEqual([
      413,
      { __type: 'RequestEntityTooLargeException', message: `The request is larger than ${bytesMax} bytes` },
    ])
  })
})

test('a body whose length nobody announced is refused at the byte that is too many', async ({ registry }) => {
  using connection = await RawConnection.open(registry.url)
  await connection.write(await headOf(registry, 'DescribeImages', { 'transfer-encoding': 'chunked' }))
  await connection.write(`${(mebibyte + 1).toString(16)}\r\n${' '.repeat(mebibyte + 1)}`)
  expect((await connection.answer())?.status).toBe(413)
})

describe('the largest input of the service model is taken, every character escaped:', () => {
  test('the manifest of PutImage', async ({ registry, repositoryName }) => {
    const spaces = 4 * mebibyte - 2
    const manifest = `${escaped('{}')}${escaped(' ').repeat(spaces)}`
    const body = `{"repositoryName":"${repositoryName}","imageManifestMediaType":"application/x","imageTag":"1","imageManifest":"${manifest}"}`
    const answer = await registry.call('PutImage', body)
    expect(jsonOf(answer)).toMatchObject({
      image: { imageId: { imageDigest: content(`{}${' '.repeat(spaces)}`).digest } },
    })
  })

  test('the catalog data of PutRepositoryCatalogData', async ({ registry, repositoryName }) => {
    const platforms = Array.from({ length: 50 }, () => `"${escaped('я'.repeat(50))}"`).join()
    const page = escaped('я'.repeat(25_600))
    const body = `{"repositoryName":"${repositoryName}","catalogData":{
      "description":"${escaped('я'.repeat(1024))}","architectures":[${platforms}],"operatingSystems":[${platforms}],
      "logoImageBlob":"${largestLogo().toString('base64').replaceAll('/', '\\/')}","aboutText":"${page}","usageText":"${page}"}}`
    const answer = await registry.call('PutRepositoryCatalogData', body)
    expect(jsonOf(answer)).toMatchObject({ catalogData: { aboutText: 'я'.repeat(25_600) } })
  })
})

/** The head of a request whose signature holds until its body is looked at. */
async function headOf(registry: TestRegistry, operation: string, extra: Readonly<Record<string, string | number>>) {
  const { headers } = await sign(registry.url, { key: registry.adminKey, operation, body: '' })
  return head('POST /', { host: registry.host, ...headers, ...extra })
}

function escaped(text: string): string {
  return text.replaceAll(/./gs, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

/** As much of a PNG as is looked at, and zeros. */
function largestLogo(): Buffer {
  const header = Buffer.from('89504e470d0a1a0a0000000d494844520000010000000100', 'hex')
  return Buffer.concat([header, Buffer.alloc(512_000 - header.length)])
}
