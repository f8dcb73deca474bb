import sql from 'sql-template-tag'

import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/reference.ts'
import type { Page, TagRecord, TagsTransaction } from '../metadata-store.ts'
import { first, inBatches, paddedList, type Row, type SqlSession } from './session.ts'

export class SqlTags implements TagsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(repositoryId: number, tag: Tag): Promise<TagRecord | undefined> {
    return first(
      this.#session,
      sql`SELECT name, digest, moved_at FROM tag WHERE repository_id = ${repositoryId} AND name = ${tag}`,
      toTag,
    )
  }

  async list(repositoryId: number, page: Page<string>): Promise<TagRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT name, digest, moved_at FROM tag
       WHERE repository_id = ${repositoryId} AND name > ${page.after ?? ''}
       ORDER BY name LIMIT ${page.limit}`)
    return rows.map(toTag)
  }

  async listOf(repositoryId: number, digests: readonly Digest[]): Promise<TagRecord[]> {
    const found: TagRecord[] = []
    for (const batch of inBatches(digests)) {
      const rows = await this.#session.all(sql`
        SELECT name, digest, moved_at FROM tag
         WHERE repository_id = ${repositoryId} AND digest IN (${paddedList(batch)})
         ORDER BY name`)
      for (const row of rows) found.push(toTag(row))
    }
    return found
  }

  async countOf(repositoryId: number, digest: Digest): Promise<number> {
    const [row] = await this.#session.all(
      sql`SELECT COUNT(*) AS n FROM tag WHERE repository_id = ${repositoryId} AND digest = ${digest}`,
    )
    return row?.n as number
  }

  async set(repositoryId: number, tag: TagRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO tag (repository_id, name, digest, moved_at)
      VALUES (${repositoryId}, ${tag.tag}, ${tag.digest}, ${tag.movedAt})
      ON CONFLICT (repository_id, name) DO UPDATE SET digest = excluded.digest, moved_at = excluded.moved_at`)
  }

  async remove(repositoryId: number, tag: Tag): Promise<boolean> {
    return (await this.#session.run(sql`DELETE FROM tag WHERE repository_id = ${repositoryId} AND name = ${tag}`)) === 1
  }
}

function toTag(row: Row): TagRecord {
  return { tag: row.name as Tag, digest: row.digest as Digest, movedAt: row.moved_at as number }
}
