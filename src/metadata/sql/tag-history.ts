import sql, { empty } from 'sql-template-tag'

import type { Digest } from '../../oci/digest.ts'
import type { Tag } from '../../oci/reference.ts'
import type { Page, TagEvent, TagHistoryTransaction } from '../metadata-store.ts'
import type { SqlSession } from './session.ts'

export class SqlTagHistory implements TagHistoryTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async list(repositoryId: number, tag: Tag | undefined, page: Page<number>): Promise<TagEvent[]> {
    const rows = await this.#session.all(sql`
      SELECT id, name, digest, previous_digest, happened_at, principal, door FROM tag_event
       WHERE repository_id = ${repositoryId} ${tag === undefined ? empty : sql`AND name = ${tag}`}
         AND id < ${page.after ?? Number.MAX_SAFE_INTEGER}
       ORDER BY id DESC LIMIT ${page.limit}`)
    return rows.map((row) => ({
      id: row.id as number,
      tag: row.name as Tag,
      digest: (row.digest as Digest | null) ?? undefined,
      previousDigest: (row.previous_digest as Digest | null) ?? undefined,
      happenedAt: row.happened_at as number,
      principal: row.principal as string,
      door: row.door as string,
    }))
  }

  async insert(repositoryId: number, event: TagEvent): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO tag_event (id, repository_id, name, digest, previous_digest, happened_at, principal, door)
      VALUES (${event.id}, ${repositoryId}, ${event.tag}, ${event.digest ?? null}, ${event.previousDigest ?? null},
              ${event.happenedAt}, ${event.principal}, ${event.door})`)
  }
}
