import { describe, expect, test } from 'vitest'

import {
  KeyTaken,
  type ManifestRecord,
  type MetadataStore,
  type MetadataTransaction,
  type RepositoryAddress,
  type RepositoryRecord,
  type UploadRecord,
} from '../../src/metadata/metadata-store.ts'
import { type Digest, digestOf } from '../../src/oci/digest.ts'
import { digestReference, parseTag, tagReference } from '../../src/oci/reference.ts'
import { parseAlias, parseRepositoryName } from '../../src/oci/repository-name.ts'

export interface MetadataStoreUnderTest {
  readonly name: string
  /** An empty store. Disposing of it removes whatever it left behind. */
  open(): Promise<MetadataStore>
}

const accountId = '123456789012'
const alias = parseAlias('acme')
const now = Date.UTC(2026, 0, 1)

/** Every driver of the port keeps every promise in its comments. */
export function describeMetadataStore(driver: MetadataStoreUnderTest): void {
  describe(`MetadataStore contract: ${driver.name}`, () => {
    const check = (title: string, run: (store: MetadataStore) => Promise<void>) =>
      test(title, async () => {
        await using store = await driver.open()
        await store.write((tx) => insertAccount(tx))
        await run(store)
      })

    describe('transactions', () => {
      check('a change that throws leaves nothing behind and passes its error on', async (store) => {
        const failure = new Error('no')
        const change = store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          throw failure
        })
        await expect(change).rejects.toBe(failure)
        expect(await store.view.repositories.find(at('app'))).toBeUndefined()
      })

      check('a transaction sees its own changes; the view sees them once it has ended', async (store) => {
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          expect(await tx.repositories.find(at('app'))).toMatchObject({ id: 1 })
        })
        expect(await store.view.repositories.find(at('app'))).toMatchObject({ id: 1 })
      })

      check('a view does not see a transaction that is still running', async (store) => {
        const seen: unknown[] = []
        let looking: Promise<void> | undefined
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          looking = store.view.repositories.find(at('app')).then((found) => void seen.push(found?.id))
          for (let i = 0; i < 10; i++) await tx.repositories.count(accountId)
          seen.push('end')
        })
        await looking
        expect([
          [undefined, 'end'],
          ['end', 1],
        ]).toContainEqual(seen)
      })

      check('hundreds of read-modify-writes at once lose no update', async (store) => {
        await store.write((tx) => tx.uploads.insert(upload('u1')))
        const advance = () =>
          store.write(async (tx) => {
            const found = (await tx.uploads.find('u1'))!
            return tx.uploads.advance({ ...found, offset: found.offset + 1 }, found.offset)
          })
        const outcomes = await Promise.all(Array.from({ length: 300 }, advance))
        expect(outcomes.every(Boolean)).toBe(true)
        expect(await store.view.uploads.find('u1')).toMatchObject({ offset: 300 })
      })

      check('a transaction used after its end is refused', async (store) => {
        let kept: MetadataTransaction | undefined
        await store.write(async (tx) => {
          kept = tx
        })
        await expect(kept!.repositories.insert(repository(1, 'app'))).rejects.toThrow('after it had ended')
      })

      check('a failed transaction does not hold up the next one', async (store) => {
        const broken = store.write(() => Promise.reject(new Error('no')))
        const sound = store.write((tx) => tx.repositories.insert(repository(1, 'app')))
        await expect(broken).rejects.toThrow('no')
        await sound
        expect(await store.view.repositories.count(accountId)).toBe(1)
      })
    })

    describe('accounts and keys', () => {
      check('an account is found by its id and by each of its aliases', async (store) => {
        await store.write((tx) =>
          tx.accounts.insertAlias({ alias: parseAlias('other'), accountId, isPrimary: false, createdAt: now + 1 }),
        )
        const account = { id: accountId, createsOnPush: true, displayName: '', isVerified: false, createdAt: now }
        expect(await store.view.accounts.find(accountId)).toEqual(account)
        expect(await store.view.accounts.findByAlias(alias)).toEqual(account)
        expect(await store.view.accounts.findByAlias(parseAlias('other'))).toEqual(account)
        expect(await store.view.accounts.findByAlias(parseAlias('nobody'))).toBeUndefined()
        expect(await store.view.accounts.listAliases(accountId)).toEqual([
          { alias: 'acme', accountId, isPrimary: true, createdAt: now },
          { alias: 'other', accountId, isPrimary: false, createdAt: now + 1 },
        ])
        expect(await store.view.accounts.list({ after: undefined, limit: 1 })).toEqual([account])
        expect(await store.view.accounts.list({ after: accountId, limit: 9 })).toMatchObject([{ id: '999999999999' }])
      })

      check('an alias belongs to one account, and an account has one primary alias', async (store) => {
        const again = { accountId, createdAt: now }
        await expect(
          store.write((tx) => tx.accounts.insertAlias({ ...again, alias, isPrimary: false })),
        ).rejects.toBeInstanceOf(KeyTaken)
        await expect(
          store.write((tx) => tx.accounts.insertAlias({ ...again, alias: parseAlias('two'), isPrimary: true })),
        ).rejects.toBeInstanceOf(KeyTaken)
      })

      check('an access key comes with its user, its secret byte for byte', async (store) => {
        const user = { id: 'user-1', accountId, name: 'alice', isRoot: false, createdAt: now }
        const sealedSecret = Uint8Array.from({ length: 256 }, (_, i) => i)
        const key = { id: 'AKIA1', userId: user.id, sealedSecret, isEnabled: true, createdAt: now }
        await store.write(async (tx) => {
          await tx.users.insert(user)
          await tx.accessKeys.insert(key)
        })
        const found = await store.view.accessKeys.find('AKIA1')
        expect(found).toMatchObject({ user, key: { id: 'AKIA1', isEnabled: true } })
        expect(Buffer.from(found!.key.sealedSecret).equals(sealedSecret)).toBe(true)
        expect(await store.view.accessKeys.find('AKIA2')).toBeUndefined()
      })

      check('signing keys come newest first', async (store) => {
        await store.write(async (tx) => {
          for (const [id, createdAt] of [
            ['a', 1],
            ['b', 3],
            ['c', 2],
          ] as const) {
            await tx.signingKeys.insert({ id, sealedSecret: new Uint8Array([1]), createdAt })
          }
        })
        expect((await store.view.signingKeys.list()).map((key) => key.id)).toEqual(['b', 'c', 'a'])
      })
    })

    describe('repositories', () => {
      check('a repository is found by account and by alias, and by no other', async (store) => {
        const app = repository(1, 'team/app')
        await store.write((tx) => tx.repositories.insert(app))
        expect(await store.view.repositories.find(at('team/app'))).toEqual(app)
        expect(await store.view.repositories.find(byAlias('team/app'))).toEqual(app)
        expect(await store.view.repositories.find(at('team'))).toBeUndefined()
        const elsewhere: RepositoryAddress = {
          ...byAlias('team/app'),
          registry: { kind: 'account', accountId: '000000000001' },
        }
        expect(await store.view.repositories.find(elsewhere)).toBeUndefined()
      })

      check('a name is taken once in an account', async (store) => {
        await store.write((tx) => tx.repositories.insert(repository(1, 'app')))
        await expect(store.write((tx) => tx.repositories.insert(repository(2, 'app')))).rejects.toBeInstanceOf(KeyTaken)
      })

      check('lists go by name, from behind a name, as many as asked for', async (store) => {
        await store.write(async (tx) => {
          for (const [i, name] of ['b', 'a', 'c/d', 'c'].entries()) await tx.repositories.insert(repository(i, name))
        })
        const list = async (after: string | undefined, limit: number) => {
          const page = { after: after === undefined ? undefined : parseRepositoryName(after), limit }
          return (await store.view.repositories.list(accountId, page)).map((found) => found.name)
        }
        expect(await list(undefined, 10)).toEqual(['a', 'b', 'c', 'c/d'])
        expect(await list('a', 2)).toEqual(['b', 'c'])
        expect(await list('c/d', 2)).toEqual([])
      })

      check('settings are changed without touching the rest', async (store) => {
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          await tx.repositories.setSettings(1, { isPrivate: true, hasImmutableTags: true, untaggedKeepMs: 5 })
        })
        const changed = { ...repository(1, 'app'), isPrivate: true, hasImmutableTags: true, untaggedKeepMs: 5 }
        expect(await store.view.repositories.find(at('app'))).toEqual(changed)
      })
    })

    describe('manifests and tags', () => {
      check('a manifest comes back whole: by digest, by tag, with its repository', async (store) => {
        const full = manifest('full', {
          artifactType: 'application/x',
          configMediaType: 'application/y',
          subject: digestOf(Buffer.from('subject')),
        })
        const bare = manifest('bare')
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          await tx.manifests.insert(1, full, { blobs: [], children: [] })
          await tx.manifests.insert(1, bare, { blobs: [], children: [] })
          await tx.tags.set(1, { tag: parseTag('v1'), digest: full.digest, movedAt: now })
        })
        const expected = { repository: repository(1, 'app', 2), manifest: full }
        for (const address of [at('app'), byAlias('app')]) {
          expect(await found(store, address, digestReference(full.digest))).toEqual(expected)
          expect(await found(store, address, tagReference(parseTag('v1')))).toEqual(expected)
          const missing = { repository: repository(1, 'app', 2), manifest: undefined }
          expect(await store.view.manifests.findIn(address, tagReference(parseTag('v2')))).toEqual(missing)
        }
        expect(await store.view.manifests.findIn(at('nope'), digestReference(full.digest))).toBeUndefined()
        expect(plain(await store.view.manifests.find(1, bare.digest))).toEqual(bare)
      })

      check('a manifest is in the repository it was put in, once', async (store) => {
        const one = manifest('one')
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          await tx.repositories.insert(repository(2, 'other'))
          await tx.manifests.insert(1, one, { blobs: [], children: [] })
        })
        expect(await store.view.manifests.find(2, one.digest)).toBeUndefined()
        await expect(
          store.write((tx) => tx.manifests.insert(1, one, { blobs: [], children: [] })),
        ).rejects.toBeInstanceOf(KeyTaken)
        expect(await store.view.repositories.find(at('app'))).toMatchObject({ imageCount: 1 })
      })

      check('thousands of references of one manifest are taken, repeated ones once', async (store) => {
        const digests = Array.from({ length: 3000 }, (_, i) => digestOf(Buffer.from(`blob ${i % 2500}`)))
        const children = digests.slice(0, 1500)
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          const blobs = digests.map((digest) => ({ digest, mediaType: 'application/octet-stream' }))
          await tx.manifests.insert(1, manifest('many'), { blobs, children })
        })
        expect(await store.view.manifests.listAmong(1, digests)).toEqual([])
      })

      check('lists and look-ups of many go without payloads', async (store) => {
        const manifests = ['a', 'b', 'c'].map((text) => manifest(text))
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          for (const one of manifests) await tx.manifests.insert(1, one, { blobs: [], children: [] })
        })
        const digests = manifests.map((one) => one.digest).sort()
        const all = await store.view.manifests.list(1, { after: undefined, limit: 10 })
        expect(all.map((one) => one.digest)).toEqual(digests)
        expect(all[0]).not.toHaveProperty('payload')
        const rest = await store.view.manifests.list(1, { after: digests[0]!, limit: 1 })
        expect(rest.map((one) => one.digest)).toEqual([digests[1]])
        const among = await store.view.manifests.listAmong(1, [digests[2]!, digestOf(Buffer.from('unknown'))])
        expect(among.map((one) => one.digest)).toEqual([digests[2]])
        expect(await store.view.manifests.listAmong(1, [])).toEqual([])
      })

      check('a tag moves, and tags are listed in the order of their bytes', async (store) => {
        const [one, two] = [digestOf(Buffer.from('1')), digestOf(Buffer.from('2'))]
        const set = (tag: string, digest: Digest, movedAt: number) =>
          store.write((tx) => tx.tags.set(1, { tag: parseTag(tag), digest, movedAt }))
        await store.write((tx) => tx.repositories.insert(repository(1, 'app')))
        for (const tag of ['b', 'a', 'B', '_', '10', '9']) await set(tag, one, now)
        await set('a', two, now + 5)
        expect(await store.view.tags.find(1, parseTag('a'))).toEqual({ tag: 'a', digest: two, movedAt: now + 5 })
        const list = async (after: string | undefined, limit: number) =>
          (await store.view.tags.list(1, { after, limit })).map((row) => row.tag)
        expect(await list(undefined, 10)).toEqual(['10', '9', 'B', '_', 'a', 'b'])
        expect(await list('9', 2)).toEqual(['B', '_'])
        expect((await store.view.tags.listOf(1, [two])).map((row) => row.tag)).toEqual(['a'])
        expect(await store.view.tags.listOf(1, [])).toEqual([])
        expect(await store.view.tags.countOf(1, one)).toBe(5)
      })
    })

    describe('blobs', () => {
      check('a stored blob is served by the repositories that link it, and by no other', async (store) => {
        const digest = digestOf(Buffer.from('layer'))
        const blob = { digest, bytes: 5, key: 'key-1', createdAt: now }
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          await tx.repositories.insert(repository(2, 'other'))
          await tx.blobs.insert(blob)
          await tx.blobs.link(1, digest, now)
          await tx.blobs.link(1, digest, now)
        })
        expect(await store.view.blobs.find(digest)).toEqual(blob)
        expect(await store.view.blobs.findIn(byAlias('app'), digest)).toEqual({
          repository: repository(1, 'app'),
          blob,
        })
        expect(await store.view.blobs.findIn(byAlias('other'), digest)).toEqual({
          repository: repository(2, 'other'),
          blob: undefined,
        })
        expect(await store.view.blobs.findIn(byAlias('nope'), digest)).toBeUndefined()
        expect(await store.view.blobs.listLinked(2, [digest])).toEqual([])
        expect(await store.view.blobs.listLinked(1, [digest, digest])).toEqual([{ ...blob, mediaType: undefined }])
      })

      check('a linked blob has the media type of the manifests that refer to it', async (store) => {
        const digest = digestOf(Buffer.from('layer'))
        await store.write(async (tx) => {
          await tx.repositories.insert(repository(1, 'app'))
          await tx.blobs.insert({ digest, bytes: 5, key: 'key-1', createdAt: now })
          await tx.blobs.link(1, digest, now)
          await tx.manifests.insert(1, manifest('m'), { blobs: [{ digest, mediaType: 'application/x' }], children: [] })
        })
        expect(await store.view.blobs.listLinked(1, [digest])).toMatchObject([{ mediaType: 'application/x' }])
      })

      check('a blob is stored once', async (store) => {
        const digest = digestOf(Buffer.from('layer'))
        const insert = (key: string) => store.write((tx) => tx.blobs.insert({ digest, bytes: 5, key, createdAt: now }))
        await insert('key-1')
        await expect(insert('key-2')).rejects.toBeInstanceOf(KeyTaken)
      })
    })

    describe('uploads and discards', () => {
      check('an upload advances only from where it is', async (store) => {
        const start = upload('u1')
        await store.write((tx) => tx.uploads.insert(start))
        expect(await store.view.uploads.find('u1')).toEqual(start)
        const next = { ...start, offset: 10, partCount: 1, lastPartBytes: 10, touchedAt: now + 1 }
        expect(await store.write((tx) => tx.uploads.advance(next, 0))).toBe(true)
        expect(await store.write((tx) => tx.uploads.advance({ ...next, offset: 99 }, 0))).toBe(false)
        expect(await store.view.uploads.find('u1')).toEqual(next)
        const third = { ...next, offset: 15, partCount: 2, lastPartBytes: 5, smallestInnerPartBytes: 10 }
        expect(await store.write((tx) => tx.uploads.advance(third, 10))).toBe(true)
        expect(await store.view.uploads.find('u1')).toEqual(third)
      })

      check('an upload is removed once', async (store) => {
        await store.write((tx) => tx.uploads.insert(upload('u1')))
        expect(await store.write((tx) => tx.uploads.remove('u1'))).toBe(true)
        expect(await store.write((tx) => tx.uploads.remove('u1'))).toBe(false)
        expect(await store.view.uploads.find('u1')).toBeUndefined()
      })

      check('idle uploads are those not touched since, the longest first', async (store) => {
        await store.write(async (tx) => {
          for (const [id, touchedAt] of [
            ['a', 30],
            ['b', 10],
            ['c', 20],
          ] as const) {
            await tx.uploads.insert({ ...upload(id), touchedAt })
          }
        })
        const idle = async (before: number, limit: number) =>
          (await store.view.uploads.listIdle(before, limit)).map((row) => row.id)
        expect(await idle(30, 10)).toEqual(['b', 'c'])
        expect(await idle(100, 1)).toEqual(['b'])
      })

      check('a discard is due from its time on, until it is removed', async (store) => {
        await store.write(async (tx) => {
          await tx.discards.insert({ key: 'later', notBefore: 20 })
          await tx.discards.insert({ key: 'soon', notBefore: 10 })
          await tx.discards.insert({ key: 'soon', notBefore: 99 })
        })
        expect(await store.view.discards.listDue(9, 10)).toEqual([])
        expect(await store.view.discards.listDue(10, 10)).toEqual([{ key: 'soon', notBefore: 10 }])
        await store.write((tx) => tx.discards.remove('soon'))
        expect((await store.view.discards.listDue(100, 10)).map((row) => row.key)).toEqual(['later'])
      })
    })
  })
}

async function insertAccount(tx: MetadataTransaction): Promise<void> {
  await tx.accounts.insert({ id: accountId, createsOnPush: true, displayName: '', isVerified: false, createdAt: now })
  await tx.accounts.insertAlias({ alias, accountId, isPrimary: true, createdAt: now })
  // Uploads belong to a repository.
  await tx.repositories.insert({ ...repository(0, 'zz'), id: 99, accountId: await secondAccount(tx) })
}

async function secondAccount(tx: MetadataTransaction): Promise<string> {
  const id = '999999999999'
  await tx.accounts.insert({ id, createsOnPush: false, displayName: '', isVerified: false, createdAt: now })
  return id
}

function at(name: string): RepositoryAddress {
  return { registry: { kind: 'account', accountId }, name: parseRepositoryName(name) }
}

function byAlias(name: string): RepositoryAddress {
  return { registry: { kind: 'alias', alias }, name: parseRepositoryName(name) }
}

function repository(id: number, name: string, imageCount = 0): RepositoryRecord {
  return {
    id,
    accountId,
    name: parseRepositoryName(name),
    createdAt: now,
    isPrivate: false,
    hasImmutableTags: false,
    imageCount,
    untaggedKeepMs: undefined,
    policy: undefined,
    resourceTags: new Map(),
  }
}

function manifest(text: string, more: Partial<ManifestRecord> = {}): ManifestRecord {
  const payload = Uint8Array.from(Buffer.from(text))
  return {
    digest: digestOf(payload),
    mediaType: 'application/json',
    artifactType: undefined,
    configMediaType: undefined,
    subject: undefined,
    contentBytes: 7,
    pushedAt: now,
    payload,
    ...more,
  }
}

function upload(id: string): UploadRecord {
  return {
    id,
    repositoryId: 99,
    key: `key-${id}`,
    offset: 0,
    partCount: 0,
    lastPartBytes: 0,
    smallestInnerPartBytes: undefined,
    createdAt: now,
    touchedAt: now,
  }
}

async function found(
  store: MetadataStore,
  address: RepositoryAddress,
  reference: Parameters<MetadataStore['view']['manifests']['findIn']>[1],
) {
  const result = await store.view.manifests.findIn(address, reference)
  return result && { repository: result.repository, manifest: plain(result.manifest) }
}

/** Drivers may hand out a Buffer, which is no equal of the Uint8Array that went in. */
function plain(record: ManifestRecord | undefined) {
  return record && { ...record, payload: Uint8Array.from(record.payload) }
}
