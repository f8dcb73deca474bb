import { RegistryError } from '../errors.ts'
import type { ManifestRecord, ScannedDeletedManifest, ScannedManifest } from '../metadata/metadata-store.ts'
import { algorithmOf, type Digest, digestOf } from '../oci/digest.ts'
import { parseManifest } from '../oci/manifest.ts'
import type { CheckRun } from './check-run.ts'
import type { Finding } from './finding.ts'

/** A page of digests, whose manifests, up to 4 MiB each, are then read and hashed one by one. */
const manifestsPerPage = 50

/** Manifests are the bytes that were pushed, and what they refer to is on record. */
export async function* checkManifests(run: CheckRun): AsyncGenerator<Finding> {
  const { scan, manifests, deletedManifests } = run.view
  for await (const { repositoryId, digest } of run.rows<ScannedManifest>(
    (page) => scan.listManifests(page),
    manifestsPerPage,
  )) {
    const find = () => manifests.find(repositoryId, digest)
    yield* checkManifest(run, repositoryId, find, { isDeleted: false })
  }
  for await (const { repositoryId, digest } of run.rows<ScannedDeletedManifest>(
    (page) => scan.listDeletedManifests(page),
    manifestsPerPage,
  )) {
    const find = () => deletedManifests.find(repositoryId, digest)
    yield* checkManifest(run, repositoryId, find, { isDeleted: true })
  }
}

async function* checkManifest(
  run: CheckRun,
  repositoryId: number,
  find: () => Promise<ManifestRecord | undefined>,
  { isDeleted }: { readonly isDeleted: boolean },
): AsyncGenerator<Finding> {
  const manifest = await find()
  if (!manifest) return
  const computed = digestOf(manifest.payload, algorithmOf(manifest.digest))
  if (computed !== manifest.digest) {
    const repository = await run.nameOf(repositoryId)
    if (repository === undefined) return
    yield { code: 'ManifestDamaged', repositoryId, repository, manifest: manifest.digest, computed, isDeleted }
    return
  }
  const { blobs, children } = await run.view.deletedManifests.listReferences(repositoryId, manifest.digest)
  const recorded = new Set([...blobs, ...children])
  const unrecorded = referencesIn(manifest).filter((digest) => !recorded.has(digest))
  // Its references go with a manifest: they were there to be read only if it still is.
  if (unrecorded.length === 0 || (await find())?.pushedAt !== manifest.pushedAt) return
  const repository = await run.nameOf(repositoryId)
  if (repository === undefined) return
  for (const digest of unrecorded) {
    yield { code: 'ReferenceUnrecorded', repositoryId, repository, manifest: manifest.digest, digest }
  }
}

/** What a manifest says that it needs. */
function referencesIn({ payload, mediaType, digest }: ManifestRecord): Digest[] {
  try {
    const { blobs, children } = parseManifest(payload, mediaType, algorithmOf(digest))
    return [...new Set([...blobs, ...children].map((descriptor) => descriptor.digest))]
  } catch (error) {
    // Taken by an earlier version, whose rules were others. Its bytes are sound, and what it needs was recorded then.
    if (error instanceof RegistryError) return []
    throw error
  }
}
