import sql from 'sql-template-tag'

import type { CatalogRecord, CatalogTransaction, LogoRecord } from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

export class SqlCatalog implements CatalogTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(repositoryId: number): Promise<CatalogRecord | undefined> {
    return first(
      this.#session,
      sql`
        SELECT description, about_text, usage_text, architectures, operating_systems, logo_id
          FROM repository_catalog WHERE repository_id = ${repositoryId}`,
      (row) => ({
        description: textIn(row, 'description'),
        aboutText: textIn(row, 'about_text'),
        usageText: textIn(row, 'usage_text'),
        architectures: listIn(row, 'architectures'),
        operatingSystems: listIn(row, 'operating_systems'),
        logoId: textIn(row, 'logo_id'),
      }),
    )
  }

  findLogo(logoId: string): Promise<LogoRecord | undefined> {
    return first(
      this.#session,
      sql`
        SELECT l.id, l.repository_id, l.media_type, l.bytes
          FROM logo l JOIN repository r ON r.id = l.repository_id AND r.deleted_at IS NULL
         WHERE l.id = ${logoId}`,
      (row) => ({
        id: row.id as string,
        repositoryId: row.repository_id as number,
        mediaType: row.media_type as string,
        bytes: row.bytes as Uint8Array,
      }),
    )
  }

  async put(repositoryId: number, catalog: CatalogRecord): Promise<void> {
    await this.#session.run(sql`DELETE FROM repository_catalog WHERE repository_id = ${repositoryId}`)
    await this.#session.run(sql`
      INSERT INTO repository_catalog (repository_id, description, about_text, usage_text, architectures,
                                      operating_systems, logo_id)
      VALUES (${repositoryId}, ${catalog.description ?? null}, ${catalog.aboutText ?? null},
              ${catalog.usageText ?? null}, ${listText(catalog.architectures)}, ${listText(catalog.operatingSystems)},
              ${catalog.logoId ?? null})`)
  }

  async putLogo(logo: LogoRecord): Promise<void> {
    await this.#session.run(sql`DELETE FROM logo WHERE repository_id = ${logo.repositoryId}`)
    await this.#session.run(sql`
      INSERT INTO logo (id, repository_id, media_type, bytes)
      VALUES (${logo.id}, ${logo.repositoryId}, ${logo.mediaType}, ${logo.bytes})`)
  }
}

function textIn(row: Row, column: string): string | undefined {
  return (row[column] as string | null) ?? undefined
}

function listIn(row: Row, column: string): string[] | undefined {
  const text = textIn(row, column)
  return text === undefined ? undefined : (JSON.parse(text) as string[])
}

function listText(list: readonly string[] | undefined): string | null {
  return list === undefined ? null : JSON.stringify(list)
}
