import sql, { raw } from 'sql-template-tag'

import type { UploadRecord, UploadsTransaction } from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

export const uploadColumns = raw(
  `id, repository_id, object_key, byte_offset, part_count, last_part_bytes, smallest_inner_part_bytes, created_at,
   touched_at`,
)

export class SqlUploads implements UploadsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(uploadId: string): Promise<UploadRecord | undefined> {
    return first(this.#session, sql`SELECT ${uploadColumns} FROM upload WHERE id = ${uploadId}`, toUpload)
  }

  async listOf(repositoryId: number, limit: number): Promise<UploadRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT ${uploadColumns} FROM upload WHERE repository_id = ${repositoryId} LIMIT ${limit}`,
    )
    return rows.map(toUpload)
  }

  async listIdle(before: number, limit: number): Promise<UploadRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT ${uploadColumns} FROM upload WHERE touched_at < ${before} ORDER BY touched_at LIMIT ${limit}`,
    )
    return rows.map(toUpload)
  }

  async count(): Promise<number> {
    const [row] = await this.#session.all(sql`SELECT COUNT(*) AS n FROM upload`)
    return row?.n as number
  }

  async insert(upload: UploadRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO upload (${uploadColumns})
      VALUES (${upload.id}, ${upload.repositoryId}, ${upload.key}, ${upload.offset}, ${upload.partCount},
              ${upload.lastPartBytes}, ${upload.smallestInnerPartBytes ?? null}, ${upload.createdAt},
              ${upload.touchedAt})`)
  }

  async advance(
    upload: Pick<
      UploadRecord,
      'id' | 'offset' | 'partCount' | 'lastPartBytes' | 'smallestInnerPartBytes' | 'touchedAt'
    >,
    from: number,
  ): Promise<boolean> {
    const changed = await this.#session.run(sql`
      UPDATE upload
         SET byte_offset = ${upload.offset}, part_count = ${upload.partCount},
             last_part_bytes = ${upload.lastPartBytes},
             smallest_inner_part_bytes = ${upload.smallestInnerPartBytes ?? null}, touched_at = ${upload.touchedAt}
       WHERE id = ${upload.id} AND byte_offset = ${from}`)
    return changed === 1
  }

  async remove(uploadId: string): Promise<boolean> {
    return (await this.#session.run(sql`DELETE FROM upload WHERE id = ${uploadId}`)) === 1
  }
}

export function toUpload(row: Row): UploadRecord {
  return {
    id: row.id as string,
    repositoryId: row.repository_id as number,
    key: row.object_key as string,
    offset: row.byte_offset as number,
    partCount: row.part_count as number,
    lastPartBytes: row.last_part_bytes as number,
    smallestInnerPartBytes: (row.smallest_inner_part_bytes as number | null) ?? undefined,
    createdAt: row.created_at as number,
    touchedAt: row.touched_at as number,
  }
}
