import fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { refuse } from '../errors.ts'
import { type Digest, digestOf } from '../oci/digest.ts'
import { parseTag, type Tag } from '../oci/reference.ts'
import type { ImageQuery, RemovedImage } from './manifests.ts'
import { removeImages } from './remove-images.ts'

const facts = { repository: 'app', registry: 'acme' }

/** A repository in so many words: images with their tags, and the children of those that are indexes. */
class Images {
  readonly #images = new Map<Digest, { tags: Set<Tag>; children: readonly Digest[] }>()

  add(
    name: string,
    { tags = [], children = [] }: { tags?: readonly string[]; children?: readonly string[] } = {},
  ): this {
    this.#images.set(digest(name), { tags: new Set(tags.map(parseTag)), children: children.map(digest) })
    return this
  }

  get left(): string[] {
    return [...this.#images.keys()]
  }

  /** By the rules of `Manifests.remove`. */
  readonly remove = async ({ digest, tag }: ImageQuery): Promise<RemovedImage> => {
    await undefined
    const tagged = [...this.#images].find(([, image]) => tag !== undefined && image.tags.has(tag))?.[0]
    const wanted = digest ?? tagged
    const image = wanted && this.#images.get(wanted)
    if (!wanted || !image || (tag !== undefined && !tagged)) throw refuse('ImageUnknown', { ...facts, digest, tag })
    if (tag !== undefined && tagged !== wanted) throw refuse('ImageTagMismatch', { ...facts, digest: wanted, tag })
    if (digest === undefined && tag !== undefined && image.tags.size > 1) {
      image.tags.delete(tag)
      return { digest: wanted, tags: [tag] }
    }
    const parents = [...this.#images].filter(([, other]) => other.children.includes(wanted)).map(([parent]) => parent)
    if (parents.length > 0) throw refuse('ImageReferenced', { ...facts, digest: wanted, parents })
    this.#images.delete(wanted)
    return { digest: wanted, tags: [...image.tags] }
  }
}

function digest(name: string): Digest {
  return digestOf(Buffer.from(name))
}

function byDigest(name: string, tag?: string): ImageQuery {
  return { digest: digest(name), tag: tag === undefined ? undefined : parseTag(tag) }
}

function byTag(tag: string): ImageQuery {
  return { digest: undefined, tag: parseTag(tag) }
}

test('children go once their indexes are gone, in whatever order they are named', async () => {
  const depth = 6
  const names = Array.from({ length: depth }, (_, number) => `level-${number}`)
  await fc.assert(
    fc.asyncProperty(fc.shuffledSubarray(names, { minLength: depth }), async (order) => {
      const images = new Images()
      for (const [number, name] of names.entries()) images.add(name, { children: names.slice(number + 1, number + 2) })
      const { removed, refused } = await removeImages(
        order.map((name) => byDigest(name)),
        images.remove,
      )
      expect(removed).toHaveLength(depth)
      expect(refused).toEqual([])
    }),
  )
})

test('what an index holds back that stays is refused, with the reason', async () => {
  const images = new Images().add('child', { tags: ['a', 'b'] }).add('index', { children: ['child'] })
  const { removed, refused } = await removeImages([byTag('a'), byDigest('child'), byTag('b')], images.remove)
  expect(removed).toEqual([{ digest: digest('child'), tags: ['a'] }])
  expect(refused.map(({ query, refusal }) => [query, refusal.code])).toEqual([
    [byDigest('child'), 'ImageReferenced'],
    [byTag('b'), 'ImageReferenced'],
  ])
})

describe('what is asked for twice is no failure:', () => {
  test.for<[string, ImageQuery[]]>([
    ['a digest', [byDigest('one'), byDigest('one')]],
    ['a digest and its tags', [byTag('a'), byDigest('one'), byTag('b')]],
    ['a digest with each of its tags', [byDigest('one', 'a'), byDigest('one', 'b')]],
  ])('%s', async ([, queries]) => {
    const images = new Images().add('one', { tags: ['a', 'b'] })
    expect(await removeImages(queries, images.remove)).toEqual({
      removed: [{ digest: digest('one'), tags: ['a', 'b'] }],
      refused: [],
    })
  })

  test('a tag', async () => {
    const images = new Images().add('one', { tags: ['a', 'b'] })
    const { removed, refused } = await removeImages([byTag('a'), byTag('a')], images.remove)
    expect(removed).toEqual([{ digest: digest('one'), tags: ['a'] }])
    expect(refused).toEqual([])
    expect(images.left).toEqual([digest('one')])
  })
})

test('what is not there, or does not belong together, is refused', async () => {
  const images = new Images().add('one', { tags: ['a'] }).add('two', { tags: ['b'] })
  const queries = [byDigest('nope'), byTag('nope'), byDigest('two', 'a'), byDigest('one', 'a')]
  const { removed, refused } = await removeImages(queries, images.remove)
  expect(removed.map((image) => image.digest)).toEqual([digest('one')])
  expect(refused.map(({ refusal }) => refusal.code).toSorted()).toEqual([
    'ImageTagMismatch',
    'ImageUnknown',
    'ImageUnknown',
  ])
})

test('an error that is not about one image is passed on', async () => {
  const failure = refuse('AccessDenied', { principal: 'p', action: 'a', resource: 'r', reason: 'x' })
  await expect(removeImages([byTag('a')], () => Promise.reject(failure))).rejects.toBe(failure)
})

test('every query is answered once: by what was removed or by a refusal', async () => {
  const names = ['one', 'two', 'three', 'four']
  const tags = ['a', 'b', 'c', 'd', 'e']
  const image = fc.record({
    tags: fc.subarray(tags),
    children: fc.subarray(names),
  })
  const query = fc.record({
    digest: fc.option(fc.constantFrom(...names, 'nope')),
    tag: fc.option(fc.constantFrom(...tags)),
  })
  await fc.assert(
    fc.asyncProperty(fc.tuple(image, image, image, image), fc.array(query, { maxLength: 8 }), async (made, asked) => {
      const images = new Images()
      const taken = new Set<string>()
      for (const [number, one] of made.entries()) {
        const own = one.tags.filter((tag) => !taken.has(tag))
        for (const tag of own) taken.add(tag)
        // No circles: an index only has children that come behind it.
        images.add(names[number]!, {
          tags: own,
          children: one.children.filter((child) => names.indexOf(child) > number),
        })
      }
      const queries = asked
        .filter((one) => one.digest !== null || one.tag !== null)
        .map((one) => ({
          digest: one.digest === null ? undefined : digest(one.digest),
          tag: one.tag === null ? undefined : parseTag(one.tag),
        }))
      const { removed, refused } = await removeImages(queries, images.remove)
      for (const { digest, tag } of queries) {
        const isRefused = refused.some((one) => one.query.digest === digest && one.query.tag === tag)
        const isRemoved = removed.some(
          (one) => (digest ?? one.digest) === one.digest && (tag === undefined || one.tags.includes(tag)),
        )
        expect(isRefused || isRemoved).toBe(true)
        // An image asked for by digest is not there any more.
        if (digest !== undefined && !isRefused) expect(images.left).not.toContain(digest)
      }
    }),
  )
})
