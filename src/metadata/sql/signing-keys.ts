import sql from 'sql-template-tag'

import type { SigningKeyRecord, SigningKeysTransaction } from '../metadata-store.ts'
import type { SqlSession } from './session.ts'

export class SqlSigningKeys implements SigningKeysTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async list(): Promise<SigningKeyRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT id, sealed_secret, created_at FROM signing_key ORDER BY created_at DESC, id`,
    )
    return rows.map((row) => ({
      id: row.id as string,
      sealedSecret: row.sealed_secret as Uint8Array,
      createdAt: row.created_at as number,
    }))
  }

  async insert(key: SigningKeyRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO signing_key (id, sealed_secret, created_at)
      VALUES (${key.id}, ${key.sealedSecret}, ${key.createdAt})`)
  }

  async removeOlder(createdBefore: number): Promise<void> {
    await this.#session.run(sql`DELETE FROM signing_key WHERE created_at < ${createdBefore}`)
  }
}
