import sql, { join, raw, type Sql } from 'sql-template-tag'

import type { BlobKey } from '../../blobs/blob-store.ts'
import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/reference.ts'
import type {
  ManifestState,
  Page,
  ScannedBlob,
  ScannedBlobReference,
  ScannedChildReference,
  ScannedDeletedManifest,
  ScannedLink,
  ScannedManifest,
  ScannedRepository,
  ScannedTag,
  ScanView,
  UploadRecord,
} from '../metadata-store.ts'
import { blobColumns, toBlob } from './blobs.ts'
import { inBatches, paddedList, type SqlSession } from './session.ts'
import { toUpload, uploadColumns } from './uploads.ts'

/** Before every repository's id. */
const beforeAll = -1

/** Of a row `x`. */
const ofLiveRepository = raw(
  'EXISTS (SELECT 1 FROM repository r WHERE r.id = x.repository_id AND r.deleted_at IS NULL)',
)

export class SqlScan implements ScanView {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async listRepositories({
    after,
    limit,
  }: Page<Pick<ScannedRepository, 'repositoryId'>>): Promise<ScannedRepository[]> {
    const rows = await this.#session.all(sql`
      SELECT r.id, r.image_count, (SELECT COUNT(*) FROM manifest m WHERE m.repository_id = r.id) AS manifest_count
        FROM repository r
       WHERE r.id > ${after?.repositoryId ?? beforeAll} AND r.deleted_at IS NULL
       ORDER BY r.id LIMIT ${limit}`)
    return rows.map((row) => ({
      repositoryId: row.id as number,
      imageCount: row.image_count as number,
      manifestCount: row.manifest_count as number,
    }))
  }

  async listTags({ after, limit }: Page<Pick<ScannedTag, 'repositoryId' | 'tag'>>): Promise<ScannedTag[]> {
    const rows = await this.#session.all(sql`
      SELECT x.repository_id, x.name, x.digest, ${stateOf('x.digest')} AS state
        FROM tag x
       WHERE (x.repository_id, x.name) > (${after?.repositoryId ?? beforeAll}, ${after?.tag ?? ''})
         AND ${ofLiveRepository}
       ORDER BY x.repository_id, x.name LIMIT ${limit}`)
    return rows.map((row) => ({
      repositoryId: row.repository_id as number,
      tag: row.name as Tag,
      digest: row.digest as Digest,
      state: row.state as ManifestState,
    }))
  }

  async listManifests({ after, limit }: Page<ScannedManifest>): Promise<ScannedManifest[]> {
    const rows = await this.#session.all(sql`
      SELECT x.repository_id, x.digest
        FROM manifest x
       WHERE (x.repository_id, x.digest) > (${after?.repositoryId ?? beforeAll}, ${after?.digest ?? ''})
         AND ${ofLiveRepository}
       ORDER BY x.repository_id, x.digest LIMIT ${limit}`)
    return rows.map((row) => ({ repositoryId: row.repository_id as number, digest: row.digest as Digest }))
  }

  async listDeletedManifests({ after, limit }: Page<ScannedManifest>): Promise<ScannedDeletedManifest[]> {
    const rows = await this.#session.all(sql`
      SELECT x.repository_id, x.digest, ${isUnderReview('deleted', sql`x.repository_id`)} AS is_under_review
        FROM deleted_manifest x
       WHERE (x.repository_id, x.digest) > (${after?.repositoryId ?? beforeAll}, ${after?.digest ?? ''})
         AND ${ofLiveRepository}
       ORDER BY x.repository_id, x.digest LIMIT ${limit}`)
    return rows.map((row) => ({
      repositoryId: row.repository_id as number,
      digest: row.digest as Digest,
      isUnderReview: row.is_under_review === 1,
    }))
  }

  async listBlobReferences({
    after,
    limit,
  }: Page<Pick<ScannedBlobReference, 'repositoryId' | 'manifestDigest' | 'blobDigest'>>): Promise<
    ScannedBlobReference[]
  > {
    const rows = await this.#session.all(sql`
      SELECT x.repository_id, x.manifest_digest, x.blob_digest, ${stateOf('x.manifest_digest')} AS state,
             ${asNumber(sql`
               EXISTS (SELECT 1 FROM repository_blob l
                        WHERE l.repository_id = x.repository_id AND l.digest = x.blob_digest)`)} AS is_linked
        FROM manifest_blob x
       WHERE (x.repository_id, x.manifest_digest, x.blob_digest)
             > (${after?.repositoryId ?? beforeAll}, ${after?.manifestDigest ?? ''}, ${after?.blobDigest ?? ''})
         AND ${ofLiveRepository}
       ORDER BY x.repository_id, x.manifest_digest, x.blob_digest LIMIT ${limit}`)
    return rows.map((row) => ({
      repositoryId: row.repository_id as number,
      manifestDigest: row.manifest_digest as Digest,
      blobDigest: row.blob_digest as Digest,
      state: row.state as ManifestState,
      isLinked: row.is_linked === 1,
    }))
  }

  async listChildReferences({
    after,
    limit,
  }: Page<Pick<ScannedChildReference, 'repositoryId' | 'parentDigest' | 'childDigest'>>): Promise<
    ScannedChildReference[]
  > {
    const rows = await this.#session.all(sql`
      SELECT x.repository_id, x.parent_digest, x.child_digest,
             ${stateOf('x.parent_digest')} AS parent_state, ${stateOf('x.child_digest')} AS child_state
        FROM manifest_child x
       WHERE (x.repository_id, x.parent_digest, x.child_digest)
             > (${after?.repositoryId ?? beforeAll}, ${after?.parentDigest ?? ''}, ${after?.childDigest ?? ''})
         AND ${ofLiveRepository}
       ORDER BY x.repository_id, x.parent_digest, x.child_digest LIMIT ${limit}`)
    return rows.map((row) => ({
      repositoryId: row.repository_id as number,
      parentDigest: row.parent_digest as Digest,
      childDigest: row.child_digest as Digest,
      parentState: row.parent_state as ManifestState,
      childState: row.child_state as ManifestState,
    }))
  }

  async listLinks({ after, limit }: Page<Pick<ScannedLink, 'repositoryId' | 'digest'>>): Promise<ScannedLink[]> {
    const rows = await this.#session.all(sql`
      SELECT x.repository_id, x.digest,
             ${asNumber(sql`EXISTS (SELECT 1 FROM blob b WHERE b.digest = x.digest)`)} AS is_stored,
             ${asNumber(sql`
               EXISTS (SELECT 1 FROM manifest_blob m
                        WHERE m.repository_id = x.repository_id AND m.blob_digest = x.digest)`)} AS is_referenced,
             ${isUnderReview('link', sql`x.repository_id`)} AS is_under_review
        FROM repository_blob x
       WHERE (x.repository_id, x.digest) > (${after?.repositoryId ?? beforeAll}, ${after?.digest ?? ''})
         AND ${ofLiveRepository}
       ORDER BY x.repository_id, x.digest LIMIT ${limit}`)
    return rows.map((row) => ({
      repositoryId: row.repository_id as number,
      digest: row.digest as Digest,
      isStored: row.is_stored === 1,
      isReferenced: row.is_referenced === 1,
      isUnderReview: row.is_under_review === 1,
    }))
  }

  async listBlobs({ after, limit }: Page<Pick<ScannedBlob, 'digest'>>): Promise<ScannedBlob[]> {
    const rows = await this.#session.all(sql`
      SELECT ${blobColumns},
             ${asNumber(sql`EXISTS (SELECT 1 FROM repository_blob l WHERE l.digest = b.digest)`)} AS is_linked,
             ${asNumber(sql`
               EXISTS (SELECT 1 FROM review v
                        WHERE v.kind = 'blob' AND v.repository_id = 0 AND v.digest = b.digest)`)} AS is_under_review,
             ${asNumber(sql`EXISTS (SELECT 1 FROM discard d WHERE d.object_key = b.object_key)`)} AS is_discarded
        FROM blob b
       WHERE b.digest > ${after?.digest ?? ''}
       ORDER BY b.digest LIMIT ${limit}`)
    return rows.map((row) => ({
      ...toBlob(row),
      isLinked: row.is_linked === 1,
      isUnderReview: row.is_under_review === 1,
      isDiscarded: row.is_discarded === 1,
    }))
  }

  async listUploads({ after, limit }: Page<Pick<UploadRecord, 'id'>>): Promise<UploadRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT ${uploadColumns} FROM upload WHERE id > ${after?.id ?? ''} ORDER BY id LIMIT ${limit}`,
    )
    return rows.map(toUpload)
  }

  async listNamedKeys(keys: readonly BlobKey[]): Promise<BlobKey[]> {
    const named: BlobKey[] = []
    for (const batch of inBatches(keys)) {
      const tables = ['blob', 'upload', 'discard'].map(
        (table) => sql`SELECT object_key FROM ${raw(table)} WHERE object_key IN (${paddedList(batch)})`,
      )
      for (const row of await this.#session.all(join(tables, ' UNION '))) named.push(row.object_key as BlobKey)
    }
    return named
  }
}

/** What became of the manifest of a digest, in the repository of a row `x`. */
function stateOf(digest: 'x.digest' | `x.${string}_digest`): Sql {
  const among = (table: 'manifest' | 'deleted_manifest') =>
    raw(`EXISTS (SELECT 1 FROM ${table} t WHERE t.repository_id = x.repository_id AND t.digest = ${digest})`)
  return sql`CASE WHEN ${among('manifest')} THEN 'live' WHEN ${among('deleted_manifest')} THEN 'deleted' ELSE 'gone' END`
}

/** Whether there is a review of a row `x`. */
function isUnderReview(kind: 'deleted' | 'link', repositoryId: Sql): Sql {
  return asNumber(sql`
    EXISTS (SELECT 1 FROM review v WHERE v.kind = ${raw(`'${kind}'`)} AND v.repository_id = ${repositoryId} AND v.digest = x.digest)`)
}

/** Truth as 1 or 0 in every database. */
function asNumber(condition: Sql): Sql {
  return sql`CASE WHEN ${condition} THEN 1 ELSE 0 END`
}
