import sql from 'sql-template-tag'

import type { Alias } from '../../oci/repository-name.ts'
import type { AccountRecord, AccountsTransaction, AliasRecord, Page } from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

export class SqlAccounts implements AccountsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async list(page: Page<string>): Promise<AccountRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT id, creates_on_push, created_at FROM account
       WHERE id > ${page.after ?? ''} ORDER BY id LIMIT ${page.limit}`)
    return rows.map(toAccount)
  }

  find(accountId: string): Promise<AccountRecord | undefined> {
    return first(
      this.#session,
      sql`SELECT id, creates_on_push, created_at FROM account WHERE id = ${accountId}`,
      toAccount,
    )
  }

  findByAlias(alias: Alias): Promise<AccountRecord | undefined> {
    return first(
      this.#session,
      sql`
        SELECT account.id, account.creates_on_push, account.created_at
          FROM alias JOIN account ON account.id = alias.account_id
         WHERE alias.name = ${alias}`,
      toAccount,
    )
  }

  async listAliases(accountId: string): Promise<AliasRecord[]> {
    const rows = await this.#session.all(
      sql`SELECT name, account_id, is_primary FROM alias WHERE account_id = ${accountId} ORDER BY name`,
    )
    return rows.map((row) => ({
      alias: row.name as Alias,
      accountId: row.account_id as string,
      isPrimary: row.is_primary === 1,
    }))
  }

  async insert(account: AccountRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO account (id, creates_on_push, created_at)
      VALUES (${account.id}, ${account.createsOnPush ? 1 : 0}, ${account.createdAt})`)
  }

  async insertAlias(alias: AliasRecord & { readonly createdAt: number }): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO alias (name, account_id, is_primary, created_at)
      VALUES (${alias.alias}, ${alias.accountId}, ${alias.isPrimary ? 1 : 0}, ${alias.createdAt})`)
  }
}

function toAccount(row: Row): AccountRecord {
  return { id: row.id as string, createsOnPush: row.creates_on_push === 1, createdAt: row.created_at as number }
}
