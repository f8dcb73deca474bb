import { describe, expect } from 'vitest'

import { ask } from '../support/answer.ts'
import { image, randomContent } from '../support/images.ts'
import { pullImage, pushBlob, pushImage, startUpload } from '../support/push.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import { startTestRegistry } from '../support/test-registry.ts'

const test = testWithRegistry({ config: { metrics: 'loopback' } })

/** A metric with its labels, and its value. */
function samplesIn(text: string): ReadonlyMap<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const space = line.lastIndexOf(' ')
      return [line.slice(0, space), Number(line.slice(space + 1))]
    }),
  )
}

async function scrape(url: string): Promise<ReadonlyMap<string, number>> {
  const answer = await ask('GET', `${url}/metrics`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
  return samplesIn(answer.bytes.toString())
}

test('requests are counted by door, operation and status, and nobody is named', async ({ registry, imageName }) => {
  const pushed = image()
  await pushImage(registry.oci, imageName, pushed, 'v1')
  await pullImage(registry.oci, imageName, pushed, 'v1')
  await registry.oci.get(`/v2/${imageName}/manifests/none`)
  const samples = await scrape(registry.url)

  const requests = (operation: string, status: number, door = 'registry') =>
    samples.get(`waybill_http_requests_total{door="${door}",operation="${operation}",status="${status}"}`)
  expect(requests('POST /blobs/uploads/', 202)).toBe(2)
  expect(requests('PUT /blobs/uploads/*', 201)).toBe(2)
  expect(requests('PUT /manifests/*', 201)).toBe(1)
  expect(requests('GET /manifests/*', 200)).toBe(1)
  expect(requests('GET /manifests/*', 404)).toBe(1)
  expect(requests('CreateRepository', 200, 'api')).toBe(1)
  expect(requests('GetAuthorizationToken', 200, 'api')).toBe(1)
  expect(samples.get('waybill_http_request_seconds_count{door="registry",operation="GET /blobs/*"}')).toBe(2)
  const names = [...samples.keys()].join('\n')
  for (const unwanted of ['library', 'team/app', pushed.digest, 'v1']) expect(names).not.toContain(unwanted)
})

test('bytes are counted in both directions', async ({ registry, imageName }) => {
  const bytes = async (direction: string) =>
    (await scrape(registry.url)).get(`waybill_http_bytes_total{door="registry",direction="${direction}"}`) ?? 0
  const blob = randomContent(100_000)
  const [inBefore, outBefore] = [await bytes('in'), await bytes('out')]
  await pushBlob(registry.oci, imageName, blob)
  await registry.oci.get(`/v2/${imageName}/blobs/${blob.digest}`)
  expect((await bytes('in')) - inBefore).toBeGreaterThan(100_000)
  expect((await bytes('out')) - outBefore).toBeGreaterThan(100_000)
})

test('what waits in the database, syncs and the event loop are shown', async () => {
  await using registry = await startTestRegistry({ config: { metrics: 'loopback' } })
  await pushImage(registry.oci, 'library/app', image())
  await registry.oci.patch(await startUpload(registry.oci, 'library/app'), Buffer.from('abc'))
  const samples = await scrape(registry.url)
  expect(samples.get('waybill_reviews{kind="link"}')).toBe(2)
  expect(samples.get('waybill_reviews_due{kind="link"}')).toBe(0)
  expect(samples.get('waybill_uploads')).toBe(1)
  expect(samples.get('waybill_discards')).toBe(0)
  expect(samples.get('waybill_read_only')).toBe(0)
  expect(samples.get('nodejs_eventloop_lag_p99_seconds')).toBeGreaterThanOrEqual(0)
  registry.app.setReadOnly(true)
  expect((await scrape(registry.url)).get('waybill_read_only')).toBe(1)
})

describe('who may read them', () => {
  test.for([
    ['x-forwarded-for', '203.0.113.9'],
    ['forwarded', 'for=203.0.113.9'],
    ['via', '1.1 proxy'],
  ] as const)('nobody by a proxy on this machine, told by %s', async ([name, value], { registry }) => {
    expect((await ask('GET', `${registry.url}/metrics`, { headers: { [name]: value } })).status).toBe(404)
  })

  test('everybody, where that was said', async () => {
    await using registry = await startTestRegistry({ config: { metrics: 'all' } })
    const headers = { 'x-forwarded-for': '203.0.113.9' }
    expect((await ask('GET', `${registry.url}/metrics`, { headers })).status).toBe(200)
  })

  test('nobody, where there are none', async () => {
    await using registry = await startTestRegistry({ config: { metrics: 'off' } })
    expect((await ask('GET', `${registry.url}/metrics`)).status).toBe(404)
  })
})
