import sql, { empty, raw } from 'sql-template-tag'

import type { Digest } from '../../oci/digest.ts'
import type {
  BlobRecord,
  BlobsTransaction,
  LinkedBlob,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata-store.ts'
import { fromRepositoryAt, repositoryColumns, toRepository } from './repositories.ts'
import { first, inBatches, paddedList, type Row, type SqlSession } from './session.ts'

export const blobColumns = raw('b.digest, b.bytes, b.object_key, b.created_at')

export class SqlBlobs implements BlobsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  findIn(
    address: RepositoryAddress,
    digest: Digest,
  ): Promise<{ repository: RepositoryRecord; blob: BlobRecord | undefined } | undefined> {
    return first(
      this.#session,
      sql`
        SELECT ${repositoryColumns}, ${blobColumns}
          FROM ${fromRepositoryAt(address)}
          LEFT JOIN repository_blob l ON l.repository_id = r.id AND l.digest = ${digest}
          LEFT JOIN blob b ON b.digest = l.digest`,
      (row) => ({ repository: toRepository(row), blob: row.digest === null ? undefined : toBlob(row) }),
    )
  }

  async listLinked(repositoryId: number, digests: readonly Digest[]): Promise<LinkedBlob[]> {
    const found: LinkedBlob[] = []
    for (const batch of inBatches(digests)) {
      const rows = await this.#session.all(sql`
        SELECT ${blobColumns},
               (SELECT MIN(media_type) FROM manifest_blob
                 WHERE repository_id = l.repository_id AND blob_digest = l.digest) AS media_type
          FROM repository_blob l JOIN blob b ON b.digest = l.digest
         WHERE l.repository_id = ${repositoryId} AND l.digest IN (${paddedList(batch)})`)
      for (const row of rows) found.push({ ...toBlob(row), mediaType: (row.media_type as string | null) ?? undefined })
    }
    return found
  }

  async listLinking(digest: Digest, limit: number): Promise<RepositoryRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT ${repositoryColumns}
        FROM repository_blob l JOIN repository r ON r.id = l.repository_id AND r.deleted_at IS NULL
       WHERE l.digest = ${digest} LIMIT ${limit}`)
    return rows.map(toRepository)
  }

  async isReferenced(repositoryId: number, digest: Digest, by: 'live' | 'any'): Promise<boolean> {
    const live = sql`JOIN manifest m ON m.repository_id = r.repository_id AND m.digest = r.manifest_digest`
    const rows = await this.#session.all(sql`
      SELECT 1 FROM manifest_blob r ${by === 'live' ? live : empty}
       WHERE r.repository_id = ${repositoryId} AND r.blob_digest = ${digest} LIMIT 1`)
    return rows.length > 0
  }

  find(digest: Digest): Promise<BlobRecord | undefined> {
    return first(this.#session, sql`SELECT ${blobColumns} FROM blob b WHERE b.digest = ${digest}`, toBlob)
  }

  async insert(blob: BlobRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO blob (digest, bytes, object_key, created_at)
      VALUES (${blob.digest}, ${blob.bytes}, ${blob.key}, ${blob.createdAt})`)
  }

  async link(repositoryId: number, digest: Digest, now: number): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO repository_blob (repository_id, digest, linked_at) VALUES (${repositoryId}, ${digest}, ${now})
      ON CONFLICT DO NOTHING`)
  }

  async unlink(repositoryId: number, digest: Digest): Promise<boolean> {
    const removed = await this.#session.run(
      sql`DELETE FROM repository_blob WHERE repository_id = ${repositoryId} AND digest = ${digest}`,
    )
    return removed === 1
  }

  async unlinkAll(digest: Digest): Promise<void> {
    await this.#session.run(sql`DELETE FROM repository_blob WHERE digest = ${digest}`)
  }

  async remove(digest: Digest): Promise<boolean> {
    const removed = await this.#session.run(sql`
      DELETE FROM blob
       WHERE digest = ${digest} AND NOT EXISTS (SELECT 1 FROM repository_blob WHERE digest = ${digest})`)
    return removed === 1
  }
}

export function toBlob(row: Row): BlobRecord {
  return {
    digest: row.digest as Digest,
    bytes: row.bytes as number,
    key: row.object_key as string,
    createdAt: row.created_at as number,
  }
}
