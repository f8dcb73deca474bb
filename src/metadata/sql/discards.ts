import sql from 'sql-template-tag'

import type { BlobKey } from '../../blobs/blob-store.ts'
import type { DiscardRecord, DiscardsTransaction } from '../metadata-store.ts'
import type { SqlSession } from './session.ts'

export class SqlDiscards implements DiscardsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async listDue(now: number, limit: number): Promise<DiscardRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT object_key, not_before FROM discard WHERE not_before <= ${now} ORDER BY not_before LIMIT ${limit}`)
    return rows.map((row) => ({ key: row.object_key as BlobKey, notBefore: row.not_before as number }))
  }

  async count(): Promise<number> {
    const [row] = await this.#session.all(sql`SELECT COUNT(*) AS n FROM discard`)
    return row?.n as number
  }

  async insert(discard: DiscardRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO discard (object_key, not_before) VALUES (${discard.key}, ${discard.notBefore})
      ON CONFLICT DO NOTHING`)
  }

  async remove(key: BlobKey): Promise<void> {
    await this.#session.run(sql`DELETE FROM discard WHERE object_key = ${key}`)
  }
}
