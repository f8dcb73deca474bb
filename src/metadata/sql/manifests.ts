import sql, { empty, raw, type Sql } from 'sql-template-tag'

import type { Digest } from '../../oci/digest.ts'
import type { Reference } from '../../oci/reference.ts'
import type {
  ManifestRecord,
  ManifestSummary,
  ManifestsTransaction,
  NewReferences,
  Page,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata-store.ts'
import { fromRepositoryAt, repositoryColumns, toRepository } from './repositories.ts'
import { first, inBatches, paddedList, type Row, type SqlSession } from './session.ts'

const summaryColumns = raw(
  'm.digest, m.media_type, m.artifact_type, m.config_media_type, m.subject, m.content_bytes, m.pushed_at',
)

export class SqlManifests implements ManifestsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  findIn(
    address: RepositoryAddress,
    reference: Reference,
  ): Promise<{ repository: RepositoryRecord; manifest: ManifestRecord | undefined } | undefined> {
    const [tagJoin, digest] = findDigest(reference)
    return first(
      this.#session,
      sql`
        SELECT ${repositoryColumns}, ${summaryColumns}, m.payload
          FROM ${fromRepositoryAt(address)}
          ${tagJoin}
          LEFT JOIN manifest m ON m.repository_id = r.id AND m.digest = ${digest}`,
      (row) => ({ repository: toRepository(row), manifest: row.digest === null ? undefined : toManifest(row) }),
    )
  }

  find(repositoryId: number, digest: Digest): Promise<ManifestRecord | undefined> {
    return first(
      this.#session,
      sql`
        SELECT ${summaryColumns}, m.payload FROM manifest m
         WHERE m.repository_id = ${repositoryId} AND m.digest = ${digest}`,
      toManifest,
    )
  }

  async list(repositoryId: number, page: Page<Digest>): Promise<ManifestSummary[]> {
    const rows = await this.#session.all(sql`
      SELECT ${summaryColumns} FROM manifest m
       WHERE m.repository_id = ${repositoryId} AND m.digest > ${page.after ?? ''}
       ORDER BY m.digest LIMIT ${page.limit}`)
    return rows.map(toSummary)
  }

  async listAmong(repositoryId: number, digests: readonly Digest[]): Promise<ManifestSummary[]> {
    const found: ManifestSummary[] = []
    for (const batch of inBatches(digests)) {
      const rows = await this.#session.all(sql`
        SELECT ${summaryColumns} FROM manifest m
         WHERE m.repository_id = ${repositoryId} AND m.digest IN (${paddedList(batch)})`)
      for (const row of rows) found.push(toSummary(row))
    }
    return found
  }

  async listReferrers(
    repositoryId: number,
    subject: Digest,
    artifactType: string | undefined,
    page: Page<Digest>,
  ): Promise<ManifestRecord[]> {
    const ofType = artifactType === undefined ? empty : sql`AND m.artifact_type = ${artifactType}`
    const rows = await this.#session.all(sql`
      SELECT ${summaryColumns}, m.payload FROM manifest m
       WHERE m.repository_id = ${repositoryId} AND m.subject = ${subject} AND m.digest > ${page.after ?? ''} ${ofType}
       ORDER BY m.digest LIMIT ${page.limit}`)
    return rows.map(toManifest)
  }

  async listParents(repositoryId: number, digest: Digest, limit: number): Promise<Digest[]> {
    const rows = await this.#session.all(sql`
      SELECT c.parent_digest
        FROM manifest_child c JOIN manifest p ON p.repository_id = c.repository_id AND p.digest = c.parent_digest
       WHERE c.repository_id = ${repositoryId} AND c.child_digest = ${digest}
       ORDER BY c.parent_digest LIMIT ${limit}`)
    return rows.map((row) => row.parent_digest as Digest)
  }

  async remove(repositoryId: number, digest: Digest): Promise<boolean> {
    const removed = await this.#session.run(
      sql`DELETE FROM manifest WHERE repository_id = ${repositoryId} AND digest = ${digest}`,
    )
    if (removed === 0) return false
    await this.#session.run(sql`UPDATE repository SET image_count = image_count - 1 WHERE id = ${repositoryId}`)
    await this.#session.run(sql`DELETE FROM tag WHERE repository_id = ${repositoryId} AND digest = ${digest}`)
    return true
  }

  async insert(repositoryId: number, manifest: ManifestRecord, references: NewReferences): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO manifest (repository_id, digest, media_type, artifact_type, config_media_type, subject,
                            content_bytes, pushed_at, payload)
      VALUES (${repositoryId}, ${manifest.digest}, ${manifest.mediaType}, ${manifest.artifactType ?? null},
              ${manifest.configMediaType ?? null}, ${manifest.subject ?? null}, ${manifest.contentBytes},
              ${manifest.pushedAt}, ${manifest.payload})`)
    await this.#session.run(sql`UPDATE repository SET image_count = image_count + 1 WHERE id = ${repositoryId}`)
    await this.insertReferences(repositoryId, manifest.digest, references)
  }

  async insertReferences(repositoryId: number, digest: Digest, references: NewReferences): Promise<void> {
    for (const batch of inBatches(references.blobs)) {
      const rows = batch.map((blob) => sql`(${repositoryId}, ${digest}, ${blob.digest}, ${blob.mediaType})`)
      await this.#session.run(sql`
        INSERT INTO manifest_blob (repository_id, manifest_digest, blob_digest, media_type)
        VALUES ${paddedList(rows)} ON CONFLICT DO NOTHING`)
    }
    for (const batch of inBatches(references.children)) {
      const rows = batch.map((child) => sql`(${repositoryId}, ${digest}, ${child})`)
      await this.#session.run(sql`
        INSERT INTO manifest_child (repository_id, parent_digest, child_digest)
        VALUES ${paddedList(rows)} ON CONFLICT DO NOTHING`)
    }
  }
}

/** A join that brings in the tag, where there is one, and the expression for the digest to look up. */
function findDigest(reference: Reference): [join: Sql, digest: Sql] {
  return reference.kind === 'digest'
    ? [empty, sql`${reference.digest}`]
    : [sql`LEFT JOIN tag t ON t.repository_id = r.id AND t.name = ${reference.tag}`, raw('t.digest')]
}

function toSummary(row: Row): ManifestSummary {
  return {
    digest: row.digest as Digest,
    mediaType: row.media_type as string,
    artifactType: (row.artifact_type as string | null) ?? undefined,
    configMediaType: (row.config_media_type as string | null) ?? undefined,
    subject: (row.subject as Digest | null) ?? undefined,
    contentBytes: row.content_bytes as number,
    pushedAt: row.pushed_at as number,
  }
}

export function toManifest(row: Row): ManifestRecord {
  return { ...toSummary(row), payload: row.payload as Uint8Array }
}
