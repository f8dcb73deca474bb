import { describe, expect, test } from 'vitest'

import type {
  CatalogRecord,
  ManifestRecord,
  MetadataStore,
  RepositoryAddress,
  RepositoryRecord,
} from '../../src/metadata/metadata-store.ts'
import { digestOf } from '../../src/oci/digest.ts'
import { parseTag } from '../../src/oci/reference.ts'
import { parseAlias, parseRepositoryName } from '../../src/oci/repository-name.ts'
import type { MetadataStoreUnderTest } from './metadata-store.contract.ts'

const accountId = '123456789012'
const now = Date.UTC(2026, 0, 1)

/** What belongs to a repository: what is said of it, who may use it, and what is taken from it again. */
export function describeRepositoriesOf(driver: MetadataStoreUnderTest): void {
  describe(`MetadataStore contract, repositories: ${driver.name}`, () => {
    /** With two repositories, `app` and `other`, of ids 1 and 2. */
    const check = (title: string, run: (store: MetadataStore) => Promise<void>) =>
      test(title, async () => {
        await using store = await driver.open()
        await store.write(async (tx) => {
          const account = { id: accountId, createsOnPush: true, displayName: '', isVerified: false, createdAt: now }
          await tx.accounts.insert(account)
          await tx.accounts.insertAlias({ alias: parseAlias('acme'), accountId, isPrimary: true, createdAt: now })
          await tx.repositories.insert(repository(1, 'app'))
          await tx.repositories.insert(repository(2, 'other'))
        })
        await run(store)
      })

    describe('policies and resource tags', () => {
      check('a policy is set, replaced and taken away, its text untouched', async (store) => {
        for (const policy of ['{ "a" : 1 }\n', 'é🚢'.repeat(5_000), undefined]) {
          await store.write((tx) => tx.repositories.setPolicy(1, policy))
          expect(await store.view.repositories.find(at('app'))).toEqual({ ...repository(1, 'app'), policy })
        }
        expect(await store.view.repositories.find(at('other'))).toEqual(repository(2, 'other'))
      })

      check('resource tags are set all at once, whatever their keys are', async (store) => {
        const tags = new Map([
          ['team', 'blue'],
          ['empty', ''],
          ['__proto__', 'polluted'],
          ['10', 'ten'],
          ['Ü:/=+@', '"quoted"\\'],
        ])
        await store.write((tx) => tx.repositories.setResourceTags(1, tags))
        expect(await tagsOf(store, 'app')).toEqual(Object.entries(Object.fromEntries(tags)).toSorted())
        await store.write((tx) => tx.repositories.setResourceTags(1, new Map([['team', 'red']])))
        expect(await tagsOf(store, 'app')).toEqual([['team', 'red']])
        await store.write((tx) => tx.repositories.setResourceTags(1, new Map()))
        expect(await tagsOf(store, 'app')).toEqual([])
      })

      check('a repository is inserted with its policy and its tags', async (store) => {
        const full = { ...repository(3, 'full'), policy: '{}', resourceTags: new Map([['a', 'b']]) }
        await store.write((tx) => tx.repositories.insert(full))
        expect(await store.view.repositories.find(at('full'))).toEqual(full)
      })
    })

    describe('catalog', () => {
      const full: CatalogRecord = {
        description: 'd',
        aboutText: 'é🚢',
        usageText: '',
        architectures: ['ARM 64', 'x86-64'],
        operatingSystems: [],
        logoId: 'logo-1',
      }

      check('of a repository that nothing was said of there is none', async (store) => {
        expect(await store.view.catalog.find(1)).toBeUndefined()
      })

      check('what is empty is told from what was never set', async (store) => {
        for (const catalog of [full, noCatalog, full]) {
          await store.write((tx) => tx.catalog.put(1, catalog))
          expect(await store.view.catalog.find(1)).toEqual(catalog)
        }
        expect(await store.view.catalog.find(2)).toBeUndefined()
      })

      check('a logo comes back byte for byte, and only the newest of a repository', async (store) => {
        const bytes = Uint8Array.from({ length: 512_000 }, (_, i) => i)
        const logo = (id: string, repositoryId: number) => ({ id, repositoryId, mediaType: 'image/png', bytes })
        for (const [id, repositoryId] of [
          ['old', 1],
          ['other', 2],
          ['new', 1],
        ] as const) {
          await store.write((tx) => tx.catalog.putLogo(logo(id, repositoryId)))
        }
        const found = await store.view.catalog.findLogo('new')
        expect(found && { ...found, bytes: Uint8Array.from(found.bytes) }).toEqual(logo('new', 1))
        expect(await store.view.catalog.findLogo('other')).toMatchObject({ repositoryId: 2 })
        expect(await store.view.catalog.findLogo('old')).toBeUndefined()
        expect(await store.view.catalog.findLogo('nope')).toBeUndefined()
      })
    })

    describe('removal of images and tags', () => {
      check('a manifest goes with its tags and its references, and no other', async (store) => {
        const [parent, child] = [manifest('parent'), manifest('child')]
        const blob = { digest: digestOf(Buffer.from('layer')), mediaType: 'application/x' }
        await store.write(async (tx) => {
          for (const id of [1, 2]) {
            await tx.manifests.insert(id, child, { blobs: [blob], children: [] })
            await tx.manifests.insert(id, parent, { blobs: [blob], children: [child.digest] })
            for (const tag of ['a', 'b']) await tx.tags.set(id, tagOn(parent, tag))
            await tx.tags.set(id, tagOn(child, 'c'))
          }
        })
        const parentsOf = (id: number) => store.view.manifests.listParents(id, child.digest, 10)
        expect(await parentsOf(1)).toEqual([parent.digest])
        expect(await store.write((tx) => tx.manifests.remove(1, parent.digest))).toBe(true)
        expect(await store.write((tx) => tx.manifests.remove(1, parent.digest))).toBe(false)
        expect(await store.view.manifests.find(1, parent.digest)).toBeUndefined()
        expect(await parentsOf(1)).toEqual([])
        expect(await tagNames(store, 1)).toEqual(['c'])
        expect(await store.view.repositories.find(at('app'))).toMatchObject({ imageCount: 1 })
        // What another repository has of the same digest stays.
        expect(await parentsOf(2)).toEqual([parent.digest])
        expect(await tagNames(store, 2)).toEqual(['a', 'b', 'c'])
        expect(await store.view.repositories.find(at('other'))).toMatchObject({ imageCount: 2 })
      })

      check('a manifest that was removed can be inserted again', async (store) => {
        const references = { blobs: [], children: [digestOf(Buffer.from('child'))] }
        await store.write(async (tx) => {
          await tx.manifests.insert(1, manifest('m'), references)
          await tx.manifests.remove(1, manifest('m').digest)
          await tx.manifests.insert(1, manifest('m'), references)
        })
        expect(await store.view.repositories.find(at('app'))).toMatchObject({ imageCount: 1 })
      })

      check('the indexes that have a child are listed in order, as many as asked for', async (store) => {
        const child = manifest('child')
        const parents = ['a', 'b', 'c'].map((text) => manifest(text))
        await store.write(async (tx) => {
          for (const parent of parents) {
            await tx.manifests.insert(1, parent, { blobs: [], children: [child.digest] })
          }
        })
        const digests = parents.map((parent) => parent.digest).toSorted()
        expect(await store.view.manifests.listParents(1, child.digest, 10)).toEqual(digests)
        expect(await store.view.manifests.listParents(1, child.digest, 2)).toEqual(digests.slice(0, 2))
        expect(await store.view.manifests.listParents(2, child.digest, 10)).toEqual([])
      })

      check('a tag goes once, and its image stays', async (store) => {
        const one = manifest('one')
        await store.write(async (tx) => {
          await tx.manifests.insert(1, one, { blobs: [], children: [] })
          for (const tag of ['a', 'b']) await tx.tags.set(1, tagOn(one, tag))
        })
        expect(await store.write((tx) => tx.tags.remove(1, parseTag('a')))).toBe(true)
        expect(await store.write((tx) => tx.tags.remove(1, parseTag('a')))).toBe(false)
        expect(await tagNames(store, 1)).toEqual(['b'])
        expect(await store.view.manifests.find(1, one.digest)).toBeDefined()
      })
    })

    describe('deletion', () => {
      check('a deleted repository is gone at once, and its name is free', async (store) => {
        await store.write((tx) => tx.repositories.markDeleted(1, now))
        expect(await store.view.repositories.find(at('app'))).toBeUndefined()
        const everything = { after: undefined, limit: 10 }
        expect((await store.view.repositories.list(accountId, everything)).map(({ name }) => name)).toEqual(['other'])
        expect(await store.view.repositories.count(accountId)).toBe(1)
        await store.write((tx) => tx.repositories.insert(repository(3, 'app')))
        expect(await store.view.repositories.find(at('app'))).toMatchObject({ id: 3 })
        // And again.
        await store.write((tx) => tx.repositories.markDeleted(3, now + 1))
        expect(await store.view.repositories.listDeleted(10)).toEqual([1, 3])
        expect(await store.view.repositories.listDeleted(1)).toEqual([1])
      })

      check('what it held is removed bit by bit, and nothing of any other', async (store) => {
        const manifests = Array.from({ length: 20 }, (_, i) => manifest(`${i}`))
        await store.write(async (tx) => {
          for (const id of [1, 2]) {
            await tx.catalog.put(id, noCatalog)
            await tx.catalog.putLogo({ id: `logo-${id}`, repositoryId: id, mediaType: 'x', bytes: new Uint8Array(1) })
            for (const [i, one] of manifests.entries()) {
              const blobs = [{ digest: one.digest, mediaType: 'x' }]
              await tx.manifests.insert(id, one, { blobs, children: [one.digest] })
              await tx.tags.set(id, tagOn(one, `v${i}`))
            }
          }
          await tx.repositories.markDeleted(1, now)
        })
        let rounds = 0
        while (!(await store.write((tx) => tx.repositories.purge(1, 7, now)))) rounds++
        // Twenty rows in each of four tables, and three more.
        expect(rounds).toBeGreaterThanOrEqual(Math.floor(83 / 7))
        expect(await store.view.repositories.listDeleted(10)).toEqual([])
        expect(await store.view.catalog.findLogo('logo-1')).toBeUndefined()
        expect(await store.view.catalog.find(1)).toBeUndefined()
        expect(await tagNames(store, 1)).toEqual([])
        expect(await store.view.catalog.findLogo('logo-2')).toBeDefined()
        expect(await store.view.catalog.find(2)).toEqual(noCatalog)
        expect(await tagNames(store, 2)).toHaveLength(20)
        expect(await store.view.repositories.find(at('other'))).toMatchObject({ imageCount: 20 })
      })
    })
  })
}

const noCatalog: CatalogRecord = {
  ...{ description: undefined, aboutText: undefined, usageText: undefined },
  ...{ architectures: undefined, operatingSystems: undefined, logoId: undefined },
}

function at(name: string): RepositoryAddress {
  return { registry: { kind: 'account', accountId }, name: parseRepositoryName(name) }
}

function repository(id: number, name: string): RepositoryRecord {
  return {
    ...{ id, accountId, name: parseRepositoryName(name), createdAt: now },
    ...{ isPrivate: false, hasImmutableTags: false, imageCount: 0, untaggedKeepMs: undefined },
    ...{ policy: undefined, resourceTags: new Map() },
  }
}

function manifest(text: string): ManifestRecord {
  const payload = Uint8Array.from(Buffer.from(text))
  return {
    ...{ digest: digestOf(payload), mediaType: 'application/json', artifactType: undefined },
    ...{ configMediaType: undefined, subject: undefined, contentBytes: 7, pushedAt: now, payload },
  }
}

function tagOn({ digest }: ManifestRecord, tag: string) {
  return { tag: parseTag(tag), digest, movedAt: now }
}

async function tagNames(store: MetadataStore, repositoryId: number): Promise<string[]> {
  return (await store.view.tags.list(repositoryId, { after: undefined, limit: 100 })).map(({ tag }) => tag)
}

async function tagsOf(store: MetadataStore, name: string): Promise<[string, string][]> {
  const found = await store.view.repositories.find(at(name))
  return [...(found?.resourceTags ?? [])].toSorted()
}
