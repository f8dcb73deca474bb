import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { test as base, describe, expect } from 'vitest'

import { type CheckedData, openCopy, startCheckedRegistry } from '../check/checked-registry.ts'
import { image } from '../support/images.ts'
import { asPulled, expectStatus, pullImage, pushImage } from '../support/push.ts'
import { commandsMsMax, type Ended, waybill } from './waybill.ts'

const name = 'library/team/app'
const kept = image()
const deleted = image()
const layer = kept.blobs[1]!

/** A server on a folder with an image and a deleted one; and copies of that folder, to be damaged. */
const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('site', { scope: 'file' }, async ({}, { onCleanup }) => {
    const site = await startCheckedRegistry()
    onCleanup(() => site[Symbol.asyncDispose]())
    const { oci } = site.registry
    await pushImage(oci, name, kept, 'kept')
    await pushImage(oci, name, deleted, 'deleted')
    expectStatus(202, await oci.delete(`/v2/${name}/manifests/${deleted.digest}`))
    return site
  })
  .extend(
    'say',
    { scope: 'file' },
    ({ site }) =>
      (...args: string[]) =>
        sayOn(site.folder, args),
  )
  .extend('copy', async ({ site }, { onCleanup }) => {
    const copy: CheckedData = await openCopy(site.folder)
    onCleanup(() => copy[Symbol.asyncDispose]())
    return copy
  })

function sayOn(folder: string, args: readonly string[]): Promise<Ended> {
  return waybill(args, { env: { WAYBILL_DATA: folder, WAYBILL_COLLECT_GRACE_MS: '1' } })
}

describe.concurrent('waybill check', { timeout: commandsMsMax }, () => {
  test('ends with 0 beside a server whose data is sound, and says on stderr how far it is', async ({ say }) => {
    const { exitCode, stdout, stderr } = await say('check', '--deep', '--full-speed')
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'All is as it should be.\n' })
    expect(stderr).toMatch(/^repositories: 1\ntags: 1\n[\s\S]*^blobs: 4, .* read$[\s\S]*^objects: 4\n$/m)
  })

  test('ends with 1 and says what is wrong', async ({ copy }) => {
    await rm(await copy.fileOf(layer.digest))
    const { exitCode, stdout } = await sayOn(copy.folder, ['check'])
    expect(exitCode).toBe(1)
    expect(stdout).toContain(`broken  the blob ${layer.digest} (in ${name}) has no object`)
    expect(stdout).toContain('1 found: 1 broken, 0 wasted.')
  })

  test('--repair makes way for a push, and says so', async ({ copy }) => {
    await rm(await copy.fileOf(layer.digest))
    await writeFile(join(copy.folder, 'blobs/open/stray'), 'abc')
    const { exitCode, stdout } = await sayOn(copy.folder, ['check', '--repair', '--json'])
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({
      checked: { repositories: 1, manifests: 2, blobs: 4 },
      findings: [
        { code: 'BlobMissing', digest: layer.digest, harm: 'broken', repaired: expect.stringContaining('push') },
        { code: 'ObjectStray', key: 'stray', harm: 'wasted', repaired: 'the server will delete it' },
      ],
    })
    expect(await copy.check()).toMatchObject([{ code: 'ReferenceDangling', digest: layer.digest, isStored: false }])
  })

  test('--repair leaves alone what looks like a volume that is not mounted', async ({ copy }) => {
    await rm(join(copy.folder, 'blobs/sealed'), { recursive: true })
    await mkdir(join(copy.folder, 'blobs/sealed'))
    const { exitCode, stderr } = await sayOn(copy.folder, ['check', '--repair'])
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/waybill: 4 of 4 blobs are missing .*\nNothing was repaired/)
    expect(await copy.check()).toHaveLength(4)
  })

  test('needs the blobs to be there at all', async ({ copy }) => {
    await rm(join(copy.folder, 'blobs'), { recursive: true })
    const { exitCode, stderr } = await sayOn(copy.folder, ['check'])
    expect(exitCode).toBe(1)
    expect(stderr).toContain('and no folder')
  })
})

describe.concurrent('waybill gc', { timeout: commandsMsMax }, () => {
  test('status counts what waits', async ({ say }) => {
    const { exitCode, stdout } = await say('gc', 'status')
    expect(exitCode).toBe(0)
    expect(stdout).toMatch(/^TO LOOK AT +COUNT +DUE +NEXT\ndeleted images +1 +0 .*\nlayers of repositories +4 +0 /)
  })

  test('explain gives reasons, and does nothing', async ({ say }) => {
    const { stdout } = await say('gc', 'explain', '--hours', '200')
    expect(stdout).toContain(`collect  deleted   ${name}@${deleted.digest}: its time to be brought back is up`)
    expect(stdout).toContain(`keep     link      ${name}@${layer.digest}: an image refers to it`)
  })

  test('run does what is due', async ({ copy }) => {
    copy.database.execute('UPDATE review SET due_at = 0; UPDATE deleted_manifest SET deleted_at = 0')
    const { exitCode, stdout } = await sayOn(copy.folder, ['gc', 'run', '--json'])
    expect(exitCode).toBe(0)
    const { items } = JSON.parse(stdout) as { items: { kind: string; verdict: string }[] }
    expect(items.filter(({ verdict }) => verdict === 'collect').map(({ kind }) => kind)).toEqual(['deleted'])
    expect(await copy.check()).toEqual([])
  })
})

describe.concurrent('what was', { timeout: commandsMsMax }, () => {
  test('restore --list shows deleted images, and restore brings one back to a running server', async ({
    say,
    site,
  }) => {
    const listed = await say('restore', '--list')
    expect(listed.stdout).toMatch(
      new RegExp(`^IMAGE +TAGS +DELETED +BY +KEPT UNTIL\n${name}@${deleted.digest} +deleted `),
    )
    const { exitCode, stdout } = await say('restore', `${name}@${deleted.digest}`)
    expect({ exitCode, stdout }).toEqual({
      exitCode: 0,
      stdout: `${name}@${deleted.digest} is there again, with deleted.\n`,
    })
    expect(await pullImage(site.registry.oci, name, deleted, 'deleted')).toEqual(asPulled(deleted))
    expect((await say('restore', `${name}@${deleted.digest}`)).stderr).toContain('has no such deleted image')
  })

  test.for([
    ['restore', 'library/none'],
    ['restore', `library/none@${kept.digest}`],
  ])('%j is refused in words', async (args, { say }) => {
    const { exitCode, stderr } = await say(...args)
    expect(exitCode).toBe(1)
    expect(stderr).toMatch(/^waybill: [^\n]*(?:name the image as|there is no repository)/)
    expect(stderr).not.toMatch(/^ {4}at /m)
  })

  test('tag-history shows where a tag was', async ({ say }) => {
    const { stdout } = await say('tag-history', `${name}:kept`, '--json')
    expect(JSON.parse(stdout)).toMatchObject([
      { tag: 'kept', digest: kept.digest, door: 'registry', happenedAt: expect.stringContaining('T') },
    ])
  })

  test('untagged images are kept as long as the repository says', async ({ copy }) => {
    const set = async (value: string) => {
      const { stdout } = await sayOn(copy.folder, ['repository', 'set', name, '--keep-untagged', value, '--json'])
      return (JSON.parse(stdout) as { untaggedKeepMs?: number }).untaggedKeepMs
    }
    expect(await set('14')).toBe(14 * 24 * 60 * 60 * 1000)
    expect(await set('always')).toBeUndefined()
  })
})
