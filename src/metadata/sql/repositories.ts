import sql, { raw, type Sql } from 'sql-template-tag'

import type { Alias, RepositoryName } from '../../oci/repository-name.ts'
import type {
  AliasedRepository,
  Page,
  RepositoriesTransaction,
  RepositoryAddress,
  RepositoryRecord,
} from '../metadata-store.ts'
import { first, type Row, type SqlSession } from './session.ts'

/** The columns of a repository `r`, named so that they can stand in one row with another table's. */
export const repositoryColumns = raw(
  `r.id AS r_id, r.account_id AS r_account_id, r.name AS r_name, r.created_at AS r_created_at,
   r.is_private AS r_is_private, r.has_immutable_tags AS r_has_immutable_tags, r.image_count AS r_image_count,
   r.untagged_keep_ms AS r_untagged_keep_ms, r.policy AS r_policy, r.resource_tags AS r_resource_tags`,
)

export function toRepository(row: Row): RepositoryRecord {
  return {
    id: row.r_id as number,
    accountId: row.r_account_id as string,
    name: row.r_name as RepositoryName,
    createdAt: row.r_created_at as number,
    isPrivate: row.r_is_private === 1,
    hasImmutableTags: row.r_has_immutable_tags === 1,
    imageCount: row.r_image_count as number,
    untaggedKeepMs: (row.r_untagged_keep_ms as number | null) ?? undefined,
    policy: (row.r_policy as string | null) ?? undefined,
    resourceTags: tagsIn(row.r_resource_tags as string),
  }
}

const noTags: ReadonlyMap<string, string> = new Map()

function tagsIn(text: string): ReadonlyMap<string, string> {
  return text === '{}' ? noTags : new Map(Object.entries(JSON.parse(text) as Record<string, string>))
}

function tagsText(tags: ReadonlyMap<string, string>): string {
  return JSON.stringify(Object.fromEntries(tags))
}

/** A `FROM` clause that yields the repository at an address as `r`, or nothing. */
export function fromRepositoryAt({ registry, name }: RepositoryAddress): Sql {
  return registry.kind === 'account'
    ? sql`(SELECT * FROM repository WHERE account_id = ${registry.accountId} AND name = ${name}) r`
    : sql`(SELECT repository.*
             FROM alias JOIN repository ON repository.account_id = alias.account_id
            WHERE alias.name = ${registry.alias} AND repository.name = ${name}) r`
}

export class SqlRepositories implements RepositoriesTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  find(address: RepositoryAddress): Promise<RepositoryRecord | undefined> {
    return first(this.#session, sql`SELECT ${repositoryColumns} FROM ${fromRepositoryAt(address)}`, toRepository)
  }

  findById(repositoryId: number): Promise<RepositoryRecord | undefined> {
    return first(
      this.#session,
      sql`SELECT ${repositoryColumns} FROM repository r WHERE r.id = ${repositoryId} AND r.deleted_at IS NULL`,
      toRepository,
    )
  }

  async list(accountId: string, page: Page<RepositoryName>): Promise<RepositoryRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT ${repositoryColumns} FROM repository r
       WHERE account_id = ${accountId} AND name > ${page.after ?? ''} AND deleted_at IS NULL
       ORDER BY name LIMIT ${page.limit}`)
    return rows.map(toRepository)
  }

  async count(accountId: string): Promise<number> {
    const [row] = await this.#session.all(
      sql`SELECT COUNT(*) AS n FROM repository WHERE account_id = ${accountId} AND deleted_at IS NULL`,
    )
    return row?.n as number
  }

  async listAll({
    after,
    limit,
  }: Page<{ readonly alias: Alias; readonly name: RepositoryName }>): Promise<AliasedRepository[]> {
    const rows = await this.#session.all(sql`
      SELECT a.name AS alias, ${repositoryColumns}
        FROM alias a JOIN repository r ON r.account_id = a.account_id AND r.deleted_at IS NULL
       WHERE a.is_primary = 1 AND (a.name, r.name) > (${after?.alias ?? ''}, ${after?.name ?? ''})
       ORDER BY a.name, r.name LIMIT ${limit}`)
    return rows.map((row) => ({ ...toRepository(row), alias: row.alias as Alias }))
  }

  async insert(repository: RepositoryRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO repository (id, account_id, name, created_at, is_private, has_immutable_tags, image_count,
                              untagged_keep_ms, policy, resource_tags)
      VALUES (${repository.id}, ${repository.accountId}, ${repository.name}, ${repository.createdAt},
              ${repository.isPrivate ? 1 : 0}, ${repository.hasImmutableTags ? 1 : 0}, ${repository.imageCount},
              ${repository.untaggedKeepMs ?? null}, ${repository.policy ?? null}, ${tagsText(repository.resourceTags)})`)
  }

  async setSettings(
    repositoryId: number,
    settings: Pick<RepositoryRecord, 'isPrivate' | 'hasImmutableTags' | 'untaggedKeepMs'>,
  ): Promise<void> {
    await this.#session.run(sql`
      UPDATE repository
         SET is_private = ${settings.isPrivate ? 1 : 0}, has_immutable_tags = ${settings.hasImmutableTags ? 1 : 0},
             untagged_keep_ms = ${settings.untaggedKeepMs ?? null}
       WHERE id = ${repositoryId}`)
  }

  async setPolicy(repositoryId: number, policy: string | undefined): Promise<void> {
    await this.#session.run(sql`UPDATE repository SET policy = ${policy ?? null} WHERE id = ${repositoryId}`)
  }

  async setResourceTags(repositoryId: number, tags: ReadonlyMap<string, string>): Promise<void> {
    await this.#session.run(sql`UPDATE repository SET resource_tags = ${tagsText(tags)} WHERE id = ${repositoryId}`)
  }

  async recountImages(repositoryId: number): Promise<void> {
    await this.#session.run(sql`
      UPDATE repository
         SET image_count = (SELECT COUNT(*) FROM manifest WHERE manifest.repository_id = repository.id)
       WHERE id = ${repositoryId}`)
  }

  async listDeleted(limit: number): Promise<number[]> {
    const rows = await this.#session.all(
      sql`SELECT id FROM repository WHERE deleted_at IS NOT NULL ORDER BY deleted_at LIMIT ${limit}`,
    )
    return rows.map((row) => row.id as number)
  }

  async markDeleted(repositoryId: number, now: number): Promise<void> {
    // No repository's name holds a `#`, so nothing finds this one by its name any more.
    await this.#session.run(
      sql`UPDATE repository SET deleted_at = ${now}, name = name || '#' || id WHERE id = ${repositoryId}`,
    )
  }

  async purge(repositoryId: number, limit: number, now: number): Promise<boolean> {
    // Blobs that lose a link may have no other: the collector finds out.
    await this.#session.run(sql`
      INSERT INTO review (kind, repository_id, digest, due_at)
      SELECT 'blob', 0, digest, ${now} FROM repository_blob WHERE repository_id = ${repositoryId}
       ORDER BY digest LIMIT ${limit}
      ON CONFLICT DO NOTHING`)
    let left = limit
    for (const { table, key } of ownedTables) {
      if (left <= 0) return false
      left -= await this.#session.run(sql`
        DELETE FROM ${raw(table)} WHERE repository_id = ${repositoryId} AND ${raw(key)} IN (
          SELECT ${raw(key)} FROM ${raw(table)} WHERE repository_id = ${repositoryId}
           ORDER BY ${raw(key)} LIMIT ${left})`)
    }
    if (left <= 0) return false
    await this.#session.run(sql`DELETE FROM repository WHERE id = ${repositoryId}`)
    return true
  }
}

/**
 * What belongs to a repository, and a column by which a bounded number of its rows can be named. Its uploads are not
 * here: they go one by one, with their objects, before the rest.
 */
const ownedTables = [
  { table: 'tag', key: 'name' },
  { table: 'manifest_child', key: 'parent_digest' },
  { table: 'manifest_blob', key: 'manifest_digest' },
  { table: 'manifest', key: 'digest' },
  { table: 'deleted_manifest', key: 'digest' },
  { table: 'tag_event', key: 'id' },
  { table: 'repository_blob', key: 'digest' },
  { table: 'logo', key: 'id' },
  { table: 'repository_catalog', key: 'repository_id' },
] as const
