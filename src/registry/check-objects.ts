import type { Readable } from 'node:stream'

import { type BlobKey, BlobStoreUnavailable, KeyMissing, OffsetGap, type StoredKey } from '../blobs/blob-store.ts'
import type { ScannedBlob, UploadRecord } from '../metadata/metadata-store.ts'
import { algorithmOf, type Digest, RunningDigest } from '../oci/digest.ts'
import type { CheckRun } from './check-run.ts'
import type { Finding } from './finding.ts'

/** Of the repositories that link a damaged blob, so many are named. */
const repositoriesShownMax = 10
/** After so many bytes of a blob the check rests. */
const bytesPerTurn = 16 * 1024 * 1024
/** How many objects are asked about at once. */
const objectsAtOnce = 64

/** Every blob has an object, sealed, of its size and, when the check is deep, of its digest; and every blob is needed. */
export async function* checkBlobs(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  for await (const blobs of inGroups(
    run.rows<ScannedBlob>((page) => scan.listBlobs(page)),
    objectsAtOnce,
  )) {
    const sizes = await Promise.all(blobs.map(({ key }) => run.blobs.size(key)))
    for (const [index, blob] of blobs.entries()) {
      const { digest, key, bytes, isLinked, isUnderReview, isDiscarded } = blob
      if (!isLinked && !isUnderReview) yield { code: 'BlobForgotten', digest, bytes }
      if (isDiscarded)
        yield { code: 'BlobCondemned', digest, key, bytes, repositories: await repositoriesWith(run, digest) }
      const finding = await checkBlob(run, blob, sizes[index])
      // Its row goes before its object does: while the row is there, so is the object.
      if (finding && (await run.view.blobs.find(digest))?.key === key) yield finding
    }
  }
}

async function checkBlob(
  run: CheckRun,
  blob: ScannedBlob,
  storedBytes: number | undefined,
): Promise<Finding | undefined> {
  const { digest, key, bytes } = blob
  const facts = async () => ({ digest, key, bytes, repositories: await repositoriesWith(run, digest) })
  if (storedBytes === undefined) return { code: 'BlobMissing', ...(await facts()) }
  if (storedBytes !== bytes) return { code: 'BlobSizeWrong', ...(await facts()), storedBytes }
  if (!run.isDeep) return undefined
  let body: Readable
  try {
    body = await run.blobs.open(key)
  } catch (error) {
    if (error instanceof KeyMissing) return { code: 'BlobMissing', ...(await facts()) }
    throw error
  }
  try {
    const computed = await digestIn(run, body, digest)
    return computed === digest ? undefined : { code: 'BlobDamaged', ...(await facts()), computed }
  } catch (error) {
    // A store that opens an object and cannot read it has lost a part of it.
    if (!(error instanceof BlobStoreUnavailable)) throw error
    return { code: 'BlobUnreadable', ...(await facts()), reason: error.message }
  }
}

async function digestIn(run: CheckRun, body: Readable, digest: Digest): Promise<Digest> {
  const running = new RunningDigest(algorithmOf(digest))
  let bytes = 0
  for await (const chunk of body as AsyncIterable<Uint8Array>) {
    running.update(chunk)
    bytes += chunk.length
    if (bytes < bytesPerTurn) continue
    await run.rest({ count: 0, bytes })
    bytes = 0
  }
  await run.rest({ count: 0, bytes })
  return running.finish()
}

async function repositoriesWith(run: CheckRun, digest: Digest): Promise<string[]> {
  const linking = await run.view.blobs.listLinking(digest, repositoriesShownMax)
  const names = await Promise.all(linking.map(({ id }) => run.nameOf(id)))
  return names.filter((name) => name !== undefined)
}

/** Every upload's object holds what was acknowledged. It may hold more. */
export async function* checkUploads(run: CheckRun): AsyncGenerator<Finding> {
  const { scan, uploads } = run.view
  for await (const { id: upload, key, offset } of run.rows<UploadRecord>((page) => scan.listUploads(page))) {
    if (offset === 0 || (await holds(run, key, offset))) continue
    // As a blob's: the row goes first.
    if (await uploads.find(upload)) yield { code: 'UploadShort', upload, key, offset }
  }
}

/** Every object has a name: it is a blob's, an upload's, or about to be deleted. */
export async function* checkObjects(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  for await (const objects of inGroups(run.blobs.keys(), objectsAtOnce)) {
    const named = new Set(await scan.listNamedKeys(objects.map(({ key }) => key)))
    const before = run.clock() - run.strayMsMin
    for (const object of objects) {
      if (named.has(object.key) || object.modifiedAt > before) continue
      // A name comes before its object and goes after it. So either it is gone by now, or it had none.
      if (await isThere(run, object)) yield { code: 'ObjectStray', ...object }
    }
    await run.rest({ count: objects.length })
  }
}

async function isThere(run: CheckRun, { key }: StoredKey): Promise<boolean> {
  return holds(run, key, 0)
}

/** Whether a key, open or sealed, holds so many bytes at least. */
async function holds(run: CheckRun, key: BlobKey, bytes: number): Promise<boolean> {
  try {
    const body = await run.blobs.openUnsealed(key, bytes)
    body.destroy()
    return true
  } catch (error) {
    if (error instanceof KeyMissing || error instanceof OffsetGap) return false
    throw error
  }
}

async function* inGroups<T>(values: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let group: T[] = []
  for await (const value of values) {
    group.push(value)
    if (group.length < size) continue
    yield group
    group = []
  }
  if (group.length > 0) yield group
}
