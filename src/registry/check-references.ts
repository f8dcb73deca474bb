import type {
  ScannedBlobReference,
  ScannedChildReference,
  ScannedDeletedManifest,
  ScannedLink,
} from '../metadata/metadata-store.ts'
import type { CheckRun } from './check-run.ts'
import type { Finding } from './finding.ts'

/** Every deleted image is let go of some day. */
export async function* checkDeleted(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  for await (const { repositoryId, digest, isUnderReview } of run.rows<ScannedDeletedManifest>((page) =>
    scan.listDeletedManifests(page),
  )) {
    if (isUnderReview) continue
    const repository = await run.nameOf(repositoryId)
    if (repository === undefined) continue
    yield { code: 'DeletedImageForgotten', repositoryId, repository, manifest: digest }
  }
}

/** The blobs that an image needs are linked in its repository, as long as the image is there or can be brought back. */
export async function* checkReferences(run: CheckRun): AsyncGenerator<Finding> {
  const { scan, blobs } = run.view
  let forgotten: string | undefined
  for await (const row of run.rows<ScannedBlobReference>((page) => scan.listBlobReferences(page))) {
    const { repositoryId, manifestDigest: manifest, blobDigest: digest, state, isLinked } = row
    if (isLinked && state !== 'gone') continue
    const repository = await run.nameOf(repositoryId)
    if (repository === undefined) continue
    const facts = { repositoryId, repository, manifest }
    if (state === 'live') {
      const isStored = (await blobs.find(digest)) !== undefined
      yield { code: 'ReferenceDangling', ...facts, digest, isStored }
    }
    if (state === 'deleted') yield { code: 'RestoreBroken', ...facts, digest }
    if (state === 'gone' && forgotten !== `${repositoryId} ${manifest}`) {
      // Once for all that it referred to: its rows come one after the other.
      forgotten = `${repositoryId} ${manifest}`
      yield { code: 'ReferenceForgotten', ...facts }
    }
  }
}

/** The manifests that an index needs are there; those of a deleted one can be brought back with it. */
export async function* checkChildReferences(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  let forgotten: string | undefined
  for await (const row of run.rows<ScannedChildReference>((page) => scan.listChildReferences(page))) {
    const { repositoryId, parentDigest: manifest, childDigest: digest, parentState, childState } = row
    const isSound = parentState === 'live' ? childState === 'live' : parentState === 'deleted' && childState !== 'gone'
    if (isSound) continue
    const repository = await run.nameOf(repositoryId)
    if (repository === undefined) continue
    const facts = { repositoryId, repository, manifest }
    if (parentState === 'live') {
      yield { code: 'ChildMissing', ...facts, digest, isRestorable: childState === 'deleted' }
    }
    if (parentState === 'deleted') yield { code: 'RestoreBroken', ...facts, digest }
    if (parentState === 'gone' && forgotten !== `${repositoryId} ${manifest}`) {
      forgotten = `${repositoryId} ${manifest}`
      yield { code: 'ReferenceForgotten', ...facts }
    }
  }
}

/** What a repository links is stored, and is either needed there or going to be collected. */
export async function* checkLinks(run: CheckRun): AsyncGenerator<Finding> {
  const { scan } = run.view
  for await (const row of run.rows<ScannedLink>((page) => scan.listLinks(page))) {
    const { repositoryId, digest, isStored, isReferenced, isUnderReview } = row
    if (isStored && (isReferenced || isUnderReview)) continue
    const repository = await run.nameOf(repositoryId)
    if (repository === undefined) continue
    yield { code: isStored ? 'LinkForgotten' : 'LinkDangling', repositoryId, repository, digest }
  }
}
