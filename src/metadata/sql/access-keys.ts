import sql from 'sql-template-tag'

import type { AccessKeyRecord, AccessKeysTransaction, UserRecord } from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

export class SqlAccessKeys implements AccessKeysTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(accessKeyId: string): Promise<{ key: AccessKeyRecord; user: UserRecord } | undefined> {
    return first(
      this.#session,
      sql`
        SELECT k.id, k.user_id, k.sealed_secret, k.is_enabled, k.created_at,
               u.account_id, u.name, u.is_root, u.created_at AS user_created_at
          FROM access_key k JOIN app_user u ON u.id = k.user_id
         WHERE k.id = ${accessKeyId}`,
      (row) => ({
        key: toAccessKey(row),
        user: {
          id: row.user_id as string,
          accountId: row.account_id as string,
          name: row.name as string,
          isRoot: row.is_root === 1,
          createdAt: row.user_created_at as number,
        },
      }),
    )
  }

  async list(userId: string): Promise<AccessKeyRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT id, user_id, sealed_secret, is_enabled, created_at FROM access_key
       WHERE user_id = ${userId} ORDER BY created_at, id`)
    return rows.map(toAccessKey)
  }

  async insert(key: AccessKeyRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO access_key (id, user_id, sealed_secret, is_enabled, created_at)
      VALUES (${key.id}, ${key.userId}, ${key.sealedSecret}, ${key.isEnabled ? 1 : 0}, ${key.createdAt})`)
  }

  async setEnabled(accessKeyId: string, isEnabled: boolean): Promise<boolean> {
    const changed = await this.#session.run(
      sql`UPDATE access_key SET is_enabled = ${isEnabled ? 1 : 0} WHERE id = ${accessKeyId}`,
    )
    return changed === 1
  }

  async remove(accessKeyId: string): Promise<boolean> {
    return (await this.#session.run(sql`DELETE FROM access_key WHERE id = ${accessKeyId}`)) === 1
  }
}

function toAccessKey(row: Row): AccessKeyRecord {
  return {
    id: row.id as string,
    userId: row.user_id as string,
    sealedSecret: row.sealed_secret as Uint8Array,
    isEnabled: row.is_enabled === 1,
    createdAt: row.created_at as number,
  }
}
