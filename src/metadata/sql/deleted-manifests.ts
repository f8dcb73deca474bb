import sql, { raw } from 'sql-template-tag'

import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/reference.ts'
import type { DeletedManifestRecord, DeletedManifestsTransaction, ManifestReferences, Page } from '../metadata-store.ts'
import { toManifest } from './manifests.ts'
import { first, type Row, type SqlSession } from './session.ts'

const columns = raw(
  `digest, media_type, artifact_type, config_media_type, subject, content_bytes, pushed_at, payload, tags, deleted_at,
   deleted_by`,
)

export class SqlDeletedManifests implements DeletedManifestsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(repositoryId: number, digest: Digest): Promise<DeletedManifestRecord | undefined> {
    return first(
      this.#session,
      sql`SELECT ${columns} FROM deleted_manifest WHERE repository_id = ${repositoryId} AND digest = ${digest}`,
      toDeleted,
    )
  }

  async list(repositoryId: number, page: Page<Digest>): Promise<DeletedManifestRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT ${columns} FROM deleted_manifest
       WHERE repository_id = ${repositoryId} AND digest > ${page.after ?? ''}
       ORDER BY digest LIMIT ${page.limit}`)
    return rows.map(toDeleted)
  }

  async listReferences(repositoryId: number, digest: Digest): Promise<ManifestReferences> {
    const blobs = await this.#session.all(sql`
      SELECT blob_digest FROM manifest_blob WHERE repository_id = ${repositoryId} AND manifest_digest = ${digest}`)
    const children = await this.#session.all(sql`
      SELECT child_digest FROM manifest_child WHERE repository_id = ${repositoryId} AND parent_digest = ${digest}`)
    return {
      blobs: blobs.map((row) => row.blob_digest as Digest),
      children: children.map((row) => row.child_digest as Digest),
    }
  }

  async insert(repositoryId: number, manifest: DeletedManifestRecord): Promise<void> {
    await this.remove(repositoryId, manifest.digest)
    await this.#session.run(sql`
      INSERT INTO deleted_manifest (repository_id, ${columns})
      VALUES (${repositoryId}, ${manifest.digest}, ${manifest.mediaType}, ${manifest.artifactType ?? null},
              ${manifest.configMediaType ?? null}, ${manifest.subject ?? null}, ${manifest.contentBytes},
              ${manifest.pushedAt}, ${manifest.payload}, ${JSON.stringify(manifest.tags)}, ${manifest.deletedAt},
              ${manifest.deletedBy})`)
  }

  async remove(repositoryId: number, digest: Digest): Promise<boolean> {
    const removed = await this.#session.run(
      sql`DELETE FROM deleted_manifest WHERE repository_id = ${repositoryId} AND digest = ${digest}`,
    )
    return removed === 1
  }

  async removeReferences(repositoryId: number, digest: Digest): Promise<void> {
    await this.#session.run(
      sql`DELETE FROM manifest_blob WHERE repository_id = ${repositoryId} AND manifest_digest = ${digest}`,
    )
    await this.#session.run(
      sql`DELETE FROM manifest_child WHERE repository_id = ${repositoryId} AND parent_digest = ${digest}`,
    )
  }
}

function toDeleted(row: Row): DeletedManifestRecord {
  return {
    ...toManifest(row),
    tags: JSON.parse(row.tags as string) as Tag[],
    deletedAt: row.deleted_at as number,
    deletedBy: row.deleted_by as string,
  }
}
