import { readdir } from 'node:fs/promises'

import { describe, expect, test } from 'vitest'

import { createApp } from '../../src/assemble.ts'
import { BlobStoreUnavailable } from '../../src/blobs/blob-store.ts'
import { asUnavailable, nodeDisk } from '../../src/blobs/filesystem/disk.ts'
import { FilesystemBlobStore } from '../../src/blobs/filesystem/filesystem-blob-store.ts'
import { Health } from '../../src/http/health.ts'
import { MetadataStoreUnavailable } from '../../src/metadata/metadata-store.ts'
import { SqliteMetadataStore } from '../../src/metadata/sqlite/sqlite-metadata-store.ts'
import { ask } from '../support/answer.ts'
import { temporaryDirectory } from '../support/temporary-directory.ts'

describe('a server', () => {
  test('that keeps its data in files is live and ready, and says so to nobody’s cache', async () => {
    await using folder = await temporaryDirectory('health')
    await using app = await createApp({ storage: { kind: 'filesystem', folder: folder.path } })
    const url = await app.listen()
    for (const [path, status] of [
      ['/health/live', 'live'],
      ['/health/ready', 'ready'],
    ]) {
      const answer = await ask('GET', `${url}${path}`)
      expect({ status: answer.status, body: JSON.parse(answer.bytes.toString()) }).toEqual({
        status: 200,
        body: { status },
      })
      expect(answer.headers.get('cache-control')).toBe('no-store')
      expect((await ask('HEAD', `${url}${path}`)).status).toBe(200)
    }
  })

  test('that is to stop is not ready, and goes on answering', async () => {
    await using app = await createApp()
    const url = await app.listen()
    app.announceStop()
    const answer = await ask('GET', `${url}/health/ready`)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.bytes.toString())).toEqual({ status: 'not ready', because: 'stopping' })
    expect((await ask('GET', `${url}/health/live`)).status).toBe(200)
    expect((await ask('GET', `${url}/v2/`)).status).toBe(401)
  })

  test.for([
    [new MetadataStoreUnavailable('a sync failed'), 'metadata'],
    [new BlobStoreUnavailable('disk full'), 'blobs'],
    [new TypeError('a mistake'), 'internal'],
  ] as const)('whose stores say %s is not ready', async ([failure, because]) => {
    const requireWritable = () => Promise.reject(failure)
    await using app = await createApp({}, { stores: (stores) => ({ ...stores, requireWritable }) })
    const answer = await ask('GET', `${await app.listen()}/health/ready`)
    expect(answer.status).toBe(503)
    expect(JSON.parse(answer.bytes.toString())).toEqual({ status: 'not ready', because })
  })
})

describe('a store of files', () => {
  test('can be written to, and leaves nothing behind that says so', async () => {
    await using folder = await temporaryDirectory('health')
    await using blobs = await FilesystemBlobStore.open(folder.path)
    await blobs.requireWritable()
    expect((await readdir(folder.path)).toSorted()).toEqual(['open', 'sealed'])
  })

  test('on a full disk cannot', async () => {
    await using folder = await temporaryDirectory('health')
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC', errno: -28 })
    const disk = { ...nodeDisk, writev: () => Promise.reject(asUnavailable(full)) }
    await using blobs = await FilesystemBlobStore.open(folder.path, { disk })
    await expect(blobs.requireWritable()).rejects.toBeInstanceOf(BlobStoreUnavailable)
  })
})

test('a metadata store that is closed cannot be written to', async () => {
  const store = SqliteMetadataStore.ephemeral()
  store.requireWritable()
  await store[Symbol.asyncDispose]()
  expect(() => store.requireWritable()).toThrow(MetadataStoreUnavailable)
})

describe('readiness', () => {
  test('is asked of the disk once, however many ask', async () => {
    let probes = 0
    const health = new Health({
      requireWritable: async () => {
        probes++
      },
    })
    const answers = await Promise.all(Array.from({ length: 100 }, () => health.notReady()))
    expect(answers).toEqual(answers.map(() => undefined))
    expect(probes).toBe(1)
  })
})
