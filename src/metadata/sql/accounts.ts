import sql, { raw } from 'sql-template-tag'

import type { Alias } from '../../oci/repository-name.ts'
import type { AccountRecord, AccountsTransaction, AliasRecord, Page } from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

const columns = raw(
  'account.id, account.creates_on_push, account.display_name, account.is_verified, account.created_at',
)

export class SqlAccounts implements AccountsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async list(page: Page<string>): Promise<AccountRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT ${columns} FROM account
       WHERE id > ${page.after ?? ''} ORDER BY id LIMIT ${page.limit}`)
    return rows.map(toAccount)
  }

  find(accountId: string): Promise<AccountRecord | undefined> {
    return first(this.#session, sql`SELECT ${columns} FROM account WHERE id = ${accountId}`, toAccount)
  }

  findByAlias(alias: Alias): Promise<AccountRecord | undefined> {
    return first(
      this.#session,
      sql`
        SELECT ${columns}
          FROM alias JOIN account ON account.id = alias.account_id
         WHERE alias.name = ${alias}`,
      toAccount,
    )
  }

  async listAliases(accountId: string): Promise<AliasRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT name, account_id, is_primary, created_at FROM alias WHERE account_id = ${accountId} ORDER BY name`,
    )
    return rows.map((row) => ({
      alias: row.name as Alias,
      accountId: row.account_id as string,
      isPrimary: row.is_primary === 1,
      createdAt: row.created_at as number,
    }))
  }

  async insert(account: AccountRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO account (id, creates_on_push, display_name, is_verified, created_at)
      VALUES (${account.id}, ${account.createsOnPush ? 1 : 0}, ${account.displayName}, ${account.isVerified ? 1 : 0},
              ${account.createdAt})`)
  }

  async update(account: AccountRecord): Promise<boolean> {
    const changed = await this.#session.run(sql`
      UPDATE account
         SET creates_on_push = ${account.createsOnPush ? 1 : 0}, display_name = ${account.displayName},
             is_verified = ${account.isVerified ? 1 : 0}
       WHERE id = ${account.id}`)
    return changed === 1
  }

  async setPrimaryAlias(accountId: string, alias: Alias): Promise<void> {
    // In two steps: at no moment may there be two primary ones.
    await this.#session.run(sql`UPDATE alias SET is_primary = 0 WHERE account_id = ${accountId} AND is_primary = 1`)
    await this.#session.run(sql`UPDATE alias SET is_primary = 1 WHERE account_id = ${accountId} AND name = ${alias}`)
  }

  async removeAlias(alias: Alias): Promise<boolean> {
    return (await this.#session.run(sql`DELETE FROM alias WHERE name = ${alias}`)) === 1
  }

  async insertAlias(alias: AliasRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO alias (name, account_id, is_primary, created_at)
      VALUES (${alias.alias}, ${alias.accountId}, ${alias.isPrimary ? 1 : 0}, ${alias.createdAt})`)
  }
}

function toAccount(row: Row): AccountRecord {
  return {
    id: row.id as string,
    createsOnPush: row.creates_on_push === 1,
    displayName: row.display_name as string,
    isVerified: row.is_verified === 1,
    createdAt: row.created_at as number,
  }
}
