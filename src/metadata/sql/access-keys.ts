import sql from 'sql-template-tag'

import type { AccessKeyRecord, AccessKeysTransaction, UserRecord } from '../metadata-store.ts'
import { first, type SqlSession } from './session.ts'

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
        key: {
          id: row.id as string,
          userId: row.user_id as string,
          sealedSecret: row.sealed_secret as Uint8Array,
          isEnabled: row.is_enabled === 1,
          createdAt: row.created_at as number,
        },
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

  async insertUser(user: UserRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO app_user (id, account_id, name, is_root, created_at)
      VALUES (${user.id}, ${user.accountId}, ${user.name}, ${user.isRoot ? 1 : 0}, ${user.createdAt})`)
  }

  async insert(key: AccessKeyRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO access_key (id, user_id, sealed_secret, is_enabled, created_at)
      VALUES (${key.id}, ${key.userId}, ${key.sealedSecret}, ${key.isEnabled ? 1 : 0}, ${key.createdAt})`)
  }
}
