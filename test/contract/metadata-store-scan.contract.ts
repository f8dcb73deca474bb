import { describe, expect, test } from 'vitest'

import type {
  ManifestRecord,
  MetadataStore,
  MetadataTransaction,
  Page,
  RepositoryRecord,
  UploadRecord,
} from '../../src/metadata/metadata-store.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { parseTag } from '../../src/oci/reference.ts'
import { parseRepositoryName } from '../../src/oci/repository-name.ts'
import type { MetadataStoreUnderTest } from './metadata-store.contract.ts'

const accountId = '123456789012'
const now = Date.UTC(2026, 0, 1)

/** What `waybill check` reads: every row there is, a page at a time; and what it repairs with. */
export function describeScanOf(driver: MetadataStoreUnderTest): void {
  describe(`MetadataStore contract, scan: ${driver.name}`, () => {
    /** With two repositories of ids 1 and 2, and one of id 3 that is deleted. */
    const check = (title: string, run: (store: MetadataStore) => Promise<void>) =>
      test(title, async () => {
        await using store = await driver.open()
        await store.write(async (tx) => {
          const account = { id: accountId, createsOnPush: true, displayName: '', isVerified: false, createdAt: now }
          await tx.accounts.insert(account)
          for (const id of [1, 2, 3]) await tx.repositories.insert(repository(id))
          await tx.repositories.markDeleted(3, now)
        })
        await run(store)
      })

    check('repositories come with the number that is on record and the number that is there', async (store) => {
      await store.write(async (tx) => {
        await tx.manifests.insert(1, manifest('a'), none)
        await tx.manifests.insert(1, manifest('b'), none)
        await tx.manifests.insert(3, manifest('c'), none)
      })
      expect(await all(store, 'listRepositories')).toEqual([
        { repositoryId: 1, imageCount: 2, manifestCount: 2 },
        { repositoryId: 2, imageCount: 0, manifestCount: 0 },
      ])
    })

    check('tags come with what became of their manifests', async (store) => {
      await store.write(async (tx) => {
        for (const repositoryId of [1, 3]) {
          await tx.manifests.insert(repositoryId, manifest('live'), none)
          await tx.deletedManifests.insert(repositoryId, deleted('deleted'))
          for (const text of ['live', 'deleted', 'gone']) {
            await tx.tags.set(repositoryId, { tag: parseTag(text), digest: digest(text), movedAt: now })
          }
        }
        await tx.tags.set(2, { tag: parseTag('live'), digest: digest('live'), movedAt: now })
      })
      expect(await all(store, 'listTags')).toEqual([
        { repositoryId: 1, tag: 'deleted', digest: digest('deleted'), state: 'deleted' },
        { repositoryId: 1, tag: 'gone', digest: digest('gone'), state: 'gone' },
        { repositoryId: 1, tag: 'live', digest: digest('live'), state: 'live' },
        { repositoryId: 2, tag: 'live', digest: digest('live'), state: 'gone' },
      ])
    })

    check('manifests and deleted manifests come in the order of repositories and digests', async (store) => {
      const texts = ['a', 'b', 'c', 'd', 'e']
      await store.write(async (tx) => {
        for (const text of texts) {
          for (const repositoryId of [1, 2, 3]) {
            await tx.manifests.insert(repositoryId, manifest(text), none)
            await tx.deletedManifests.insert(repositoryId, deleted(text))
          }
        }
        await tx.reviews.put({ kind: 'deleted', repositoryId: 2, digest: digest('a'), dueAt: now })
        await tx.reviews.put({ kind: 'manifest', repositoryId: 2, digest: digest('b'), dueAt: now })
      })
      const expected = [1, 2].flatMap((repositoryId) =>
        texts
          .map(digest)
          .sort()
          .map((each) => ({ repositoryId, digest: each })),
      )
      expect(await all(store, 'listManifests')).toEqual(expected)
      expect(await all(store, 'listDeletedManifests')).toEqual(
        expected.map((row) => ({ ...row, isUnderReview: row.repositoryId === 2 && row.digest === digest('a') })),
      )
    })

    check('references come with whether both their ends are there', async (store) => {
      await store.write(async (tx) => {
        await storeBlob(tx, 'layer')
        await tx.blobs.link(1, digest('layer'), now)
        for (const repositoryId of [1, 3]) {
          await tx.manifests.insert(repositoryId, manifest('live'), references(['layer', 'lost'], ['child', 'lost']))
          await tx.manifests.insert(repositoryId, manifest('child'), none)
        }
        await tx.manifests.insertReferences(1, digest('gone'), references(['layer'], ['child']))
        await tx.deletedManifests.insert(1, deleted('deleted'))
        await tx.manifests.insertReferences(1, digest('deleted'), references(['layer'], ['live', 'deleted']))
      })
      const blobs = [
        ['live', 'layer', 'live', true],
        ['live', 'lost', 'live', false],
        ['gone', 'layer', 'gone', true],
        ['deleted', 'layer', 'deleted', true],
      ] as const
      expect(new Set(await all(store, 'listBlobReferences'))).toEqual(
        new Set(
          blobs.map(([from, to, state, isLinked]) => ({
            ...{ repositoryId: 1, manifestDigest: digest(from), blobDigest: digest(to), state, isLinked },
          })),
        ),
      )
      const children = [
        ['live', 'child', 'live', 'live'],
        ['live', 'lost', 'live', 'gone'],
        ['gone', 'child', 'gone', 'live'],
        ['deleted', 'live', 'deleted', 'live'],
        ['deleted', 'deleted', 'deleted', 'deleted'],
      ] as const
      expect(new Set(await all(store, 'listChildReferences'))).toEqual(
        new Set(
          children.map(([from, to, parentState, childState]) => ({
            ...{ repositoryId: 1, parentDigest: digest(from), childDigest: digest(to), parentState, childState },
          })),
        ),
      )
    })

    check('links and blobs come with what needs them, and with what will look at them', async (store) => {
      await store.write(async (tx) => {
        for (const text of ['needed', 'reviewed', 'idle']) await storeBlob(tx, text)
        for (const text of ['needed', 'reviewed']) await tx.blobs.link(1, digest(text), now)
        await tx.blobs.link(3, digest('needed'), now)
        await tx.manifests.insert(1, manifest('m'), references(['needed'], []))
        await tx.reviews.put({ kind: 'link', repositoryId: 1, digest: digest('reviewed'), dueAt: now })
        await tx.reviews.put({ kind: 'link', repositoryId: 2, digest: digest('needed'), dueAt: now })
        await tx.reviews.put({ kind: 'blob', repositoryId: 0, digest: digest('idle'), dueAt: now })
        await tx.discards.insert({ key: 'key-idle', notBefore: now })
      })
      const link = { repositoryId: 1, isStored: true }
      expect(new Set(await all(store, 'listLinks'))).toEqual(
        new Set([
          { ...link, digest: digest('needed'), isReferenced: true, isUnderReview: false },
          { ...link, digest: digest('reviewed'), isReferenced: false, isUnderReview: true },
        ]),
      )
      const blob = (text: string) => ({ digest: digest(text), bytes: 5, key: `key-${text}`, createdAt: now })
      expect(new Set(await all(store, 'listBlobs'))).toEqual(
        new Set([
          { ...blob('needed'), isLinked: true, isUnderReview: false, isDiscarded: false },
          { ...blob('reviewed'), isLinked: true, isUnderReview: false, isDiscarded: false },
          { ...blob('idle'), isLinked: false, isUnderReview: true, isDiscarded: true },
        ]),
      )
    })

    check('uploads come whole, those of deleted repositories too', async (store) => {
      const uploads = ['u1', 'u2', 'u3'].map((id, index) => upload(id, index + 1))
      await store.write(async (tx) => {
        for (const each of uploads) await tx.uploads.insert(each)
      })
      expect(await all(store, 'listUploads')).toEqual(uploads)
      expect(await store.view.uploads.count()).toBe(3)
    })

    check('keys are named by blobs, uploads and discards', async (store) => {
      await store.write(async (tx) => {
        await storeBlob(tx, 'b')
        await tx.uploads.insert(upload('u', 1))
        await tx.discards.insert({ key: 'key-d', notBefore: now })
      })
      const named = await store.view.scan.listNamedKeys(['key-b', 'key-x', 'key-u', 'key-d', 'key-y'])
      expect(named.toSorted()).toEqual(['key-b', 'key-d', 'key-u'])
      const many = Array.from({ length: 3_000 }, (_, index) => `key-${index}`)
      expect(await store.view.scan.listNamedKeys([...many, 'key-b'])).toEqual(['key-b'])
      expect(await store.view.scan.listNamedKeys([])).toEqual([])
    })

    check('reviews are counted by kind, and discards together', async (store) => {
      expect(await store.view.reviews.summarize(now)).toEqual([])
      expect(await store.view.discards.count()).toBe(0)
      await store.write(async (tx) => {
        for (const [text, dueAt] of Object.entries({ a: now + 1, b: now, c: now - 5 })) {
          await tx.reviews.put({ kind: 'link', repositoryId: 1, digest: digest(text), dueAt })
          await tx.discards.insert({ key: `key-${text}`, notBefore: dueAt })
        }
        await tx.reviews.put({ kind: 'blob', repositoryId: 0, digest: digest('a'), dueAt: now + 9 })
      })
      expect(await store.view.reviews.summarize(now)).toEqual([
        { kind: 'blob', count: 1, dueCount: 0, nextDueAt: now + 9 },
        { kind: 'link', count: 3, dueCount: 2, nextDueAt: now - 5 },
      ])
      expect(await store.view.discards.count()).toBe(3)
    })

    check('untagged manifests are put up for review, and none is brought forward', async (store) => {
      await store.write(async (tx) => {
        for (const text of ['early', 'late', 'new', 'tagged']) await tx.manifests.insert(1, manifest(text), none)
        await tx.tags.set(1, { tag: parseTag('v1'), digest: digest('tagged'), movedAt: now })
        await tx.reviews.put({ kind: 'manifest', repositoryId: 1, digest: digest('early'), dueAt: now + 1 })
        await tx.reviews.put({ kind: 'manifest', repositoryId: 1, digest: digest('late'), dueAt: now + 9 })
        await tx.reviews.putUntagged(1, now + 5)
      })
      const due = (await store.view.reviews.listDue(now + 9, 10)).map((review) => [review.digest, review.dueAt - now])
      expect(Object.fromEntries(due)).toEqual({ [digest('early')]: 5, [digest('late')]: 9, [digest('new')]: 5 })
    })

    check('a blob is taken from every repository at once, and images are counted again', async (store) => {
      await store.write(async (tx) => {
        await storeBlob(tx, 'layer')
        for (const repositoryId of [1, 2, 3]) await tx.blobs.link(repositoryId, digest('layer'), now)
        await tx.repositories.insert({ ...repository(4), imageCount: 9 })
        await tx.manifests.insert(4, manifest('a'), none)
      })
      await store.write(async (tx) => {
        await tx.blobs.unlinkAll(digest('layer'))
        expect(await tx.blobs.remove(digest('layer'))).toBe(true)
        await tx.repositories.recountImages(4)
      })
      expect(await all(store, 'listLinks')).toEqual([])
      expect(await store.view.repositories.findById(4)).toMatchObject({ imageCount: 1 })
      expect(await store.view.repositories.findById(1)).toMatchObject({ imageCount: 0 })
    })
  })
}

type Listed = Exclude<keyof MetadataStore['view']['scan'], 'listNamedKeys'>

/** All rows, in pages of two, which is as good as any page. */
async function all(store: MetadataStore, list: Listed): Promise<unknown[]> {
  const scan = store.view.scan as unknown as Record<Listed, (page: Page<unknown>) => Promise<unknown[]>>
  const rows: unknown[] = []
  for (;;) {
    const page = await scan[list]({ after: rows.at(-1), limit: 2 })
    rows.push(...page)
    if (page.length < 2) return rows
  }
}

const none = { blobs: [], children: [] }

function references(blobs: readonly string[], children: readonly string[]) {
  const mediaType = 'application/octet-stream'
  return { blobs: blobs.map((text) => ({ digest: digest(text), mediaType })), children: children.map(digest) }
}

function digest(text: string): Digest {
  return digestOf(Buffer.from(text))
}

async function storeBlob(tx: MetadataTransaction, text: string): Promise<void> {
  await tx.blobs.insert({ digest: digest(text), bytes: 5, key: `key-${text}`, createdAt: now })
}

function repository(id: number): RepositoryRecord {
  return {
    ...{ id, accountId, name: parseRepositoryName(`app-${id}`), createdAt: now },
    ...{ isPrivate: false, hasImmutableTags: false, imageCount: 0, untaggedKeepMs: undefined },
    ...{ policy: undefined, resourceTags: new Map() },
  }
}

function manifest(text: string): ManifestRecord {
  return {
    ...{ digest: digest(text), mediaType: 'application/json', artifactType: undefined, configMediaType: undefined },
    ...{ subject: undefined, contentBytes: 7, pushedAt: now, payload: Uint8Array.from(Buffer.from(text)) },
  }
}

function deleted(text: string) {
  return { ...manifest(text), tags: [], deletedAt: now, deletedBy: 'nobody' }
}

function upload(id: string, repositoryId: number): UploadRecord {
  return {
    ...{ id, repositoryId, key: `key-${id}`, offset: 1, partCount: 1, lastPartBytes: 1 },
    ...{ smallestInnerPartBytes: undefined, createdAt: now, touchedAt: now },
  }
}
