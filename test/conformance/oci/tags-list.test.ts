import { describe, expect } from 'vitest'

import { jsonOf } from '../../support/answer.ts'
import { image, index } from '../../support/images.ts'
import { errorCodes, type OciClient } from '../../support/oci-client.ts'
import { pushImage, putManifest } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

/** In lexical order, as bytes have it. */
const tags = ['0', '1.0', '1.10', '1.9', 'A', 'Z', '_x', 'a', 'a-b', 'a.b', 'a_b', 'latest', 'z'.repeat(128)]

const test = testWithRegistry().extend('tagged', { scope: 'file' }, async ({ registry }) => {
  const name = 'library/tagged'
  const pushed = image()
  await pushImage(registry.oci, name, pushed)
  for (const tag of tags.toReversed()) await putManifest(registry.oci, name, pushed, tag)
  return name
})

interface TagList {
  readonly name: string
  readonly tags: readonly string[]
}

test('all tags come in lexical order', async ({ registry, tagged }) => {
  const answer = await registry.anonymous.get(`/v2/${tagged}/tags/list`)
  expect(answer.status).toBe(200)
  expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
  expect(answer.headers.has('link')).toBe(false)
  expect(jsonOf(answer)).toEqual({ name: tagged, tags })
})

test('a repository without tags has an empty list', async ({ registry, imageName }) => {
  await pushImage(registry.oci, imageName, index([image()]))
  expect(jsonOf(await registry.anonymous.get(`/v2/${imageName}/tags/list`))).toEqual({ name: imageName, tags: [] })
})

describe('a page', () => {
  test.for([1, 2, 5, 12])(
    'of %i is followed by its Link to the next, until there is none',
    async (n, { registry, tagged }) => {
      const pages = await walk(registry.anonymous, `/v2/${tagged}/tags/list?n=${n}`)
      expect(pages.flat()).toEqual(tags)
      expect(pages.slice(0, -1).every((page) => page.length === n)).toBe(true)
      expect(pages).toHaveLength(Math.ceil(tags.length / n))
    },
  )

  test.for([13, 14, 1000, 999_999_999])('of %i has all, and no Link', async (n, { registry, tagged }) => {
    const answer = await registry.anonymous.get(`/v2/${tagged}/tags/list?n=${n}`)
    expect(jsonOf(answer)).toEqual({ name: tagged, tags })
    expect(answer.headers.has('link')).toBe(false)
  })

  test('of none is empty', async ({ registry, tagged }) => {
    const answer = await registry.anonymous.get(`/v2/${tagged}/tags/list?n=0`)
    expect(jsonOf(answer)).toEqual({ name: tagged, tags: [] })
  })

  test.for([
    ['a tag that is there', 'latest', ['z'.repeat(128)]],
    ['a tag that is not there', 'aaa', ['latest', 'z'.repeat(128)]],
    ['something before all', '%00', tags],
    ['something behind all', '~', []],
    ['what cannot be a tag', '%F0%9F%98%80', []],
  ] as const)('can begin behind %s', async ([, last, expected], { registry, tagged }) => {
    const answer = await registry.anonymous.get(`/v2/${tagged}/tags/list?last=${last}`)
    expect([answer.status, jsonOf(answer)]).toEqual([200, { name: tagged, tags: expected }])
  })

  test('stays where it is while tags come', async ({ registry, imageName }) => {
    const pushed = image()
    const standing = ['b', 'd', 'f', 'h', 'j']
    await pushImage(registry.oci, imageName, pushed)
    for (const tag of standing) await putManifest(registry.oci, imageName, pushed, tag)
    let round = 0
    const pages = await walk(registry.anonymous, `/v2/${imageName}/tags/list?n=2`, async () => {
      round++
      for (const tag of ['a', 'e', 'z']) await putManifest(registry.oci, imageName, pushed, `${tag}${round}`)
    })
    const seen = pages.flat()
    expect(seen.filter((tag) => standing.includes(tag))).toEqual(standing)
    expect(new Set(seen).size).toBe(seen.length)
  })

  test.for(['-1', 'x', '1.5', '', '1e3', '10000000000'])('of "%s" is refused', async (n, { registry, tagged }) => {
    const answer = await registry.anonymous.get(`/v2/${tagged}/tags/list?n=${n}`)
    expect([answer.status, errorCodes(answer)]).toEqual([400, ['UNSUPPORTED']])
  })
})

test('a repository that is not there has no list', async ({ registry }) => {
  const answer = await registry.oci.get('/v2/library/no/such/tags/list')
  expect([answer.status, errorCodes(answer)]).toEqual([404, ['NAME_UNKNOWN']])
})

/** Follows the Links from page to page. */
async function walk(
  client: OciClient,
  first: string,
  meanwhile: () => Promise<void> = async () => undefined,
): Promise<(readonly string[])[]> {
  const pages: (readonly string[])[] = []
  for (let next: string | undefined = first; next !== undefined; ) {
    const answer = await client.get(next)
    pages.push((jsonOf(answer) as TagList).tags)
    await meanwhile()
    next = /^<([^>]*)>; rel="next"$/.exec(answer.headers.get('link') ?? '')?.[1]
  }
  return pages
}
