import sql, { raw } from 'sql-template-tag'

import type { Page, UserPolicyRecord, UserRecord, UsersTransaction } from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

const columns = raw('id, account_id, name, is_root, created_at')

export class SqlUsers implements UsersTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(accountId: string, name: string): Promise<UserRecord | undefined> {
    return first(
      this.#session,
      sql`SELECT ${columns} FROM app_user WHERE account_id = ${accountId} AND name = ${name}`,
      toUser,
    )
  }

  async list(accountId: string, page: Page<string>): Promise<UserRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT ${columns} FROM app_user
       WHERE account_id = ${accountId} AND name > ${page.after ?? ''}
       ORDER BY name LIMIT ${page.limit}`)
    return rows.map(toUser)
  }

  async listPolicies(userId: string): Promise<UserPolicyRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT name, document FROM user_policy WHERE user_id = ${userId} ORDER BY name`,
    )
    return rows.map((row) => ({
      name: row.name as string,
      document: (row.document as string | null) ?? undefined,
    }))
  }

  async insert(user: UserRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO app_user (${columns})
      VALUES (${user.id}, ${user.accountId}, ${user.name}, ${user.isRoot ? 1 : 0}, ${user.createdAt})`)
  }

  async remove(userId: string): Promise<boolean> {
    return (await this.#session.run(sql`DELETE FROM app_user WHERE id = ${userId}`)) === 1
  }

  async putPolicy(userId: string, policy: UserPolicyRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO user_policy (user_id, name, document) VALUES (${userId}, ${policy.name}, ${policy.document ?? null})
      ON CONFLICT (user_id, name) DO UPDATE SET document = excluded.document`)
  }

  async removePolicy(userId: string, name: string): Promise<boolean> {
    return (await this.#session.run(sql`DELETE FROM user_policy WHERE user_id = ${userId} AND name = ${name}`)) === 1
  }
}

function toUser(row: Row): UserRecord {
  return {
    id: row.id as string,
    accountId: row.account_id as string,
    name: row.name as string,
    isRoot: row.is_root === 1,
    createdAt: row.created_at as number,
  }
}
