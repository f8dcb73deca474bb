import sql from 'sql-template-tag'

import type { Digest } from '../../oci/digest.ts'
import type { ReviewRecord, ReviewSummary, ReviewsTransaction } from '../metadata-store.ts'
import { inBatches, paddedList, type Row, type SqlSession } from './session.ts'

export class SqlReviews implements ReviewsTransaction {
  readonly #session: SqlSession

  constructor(session: SqlSession) {
    this.#session = session
  }

  async listDue(now: number, limit: number): Promise<ReviewRecord[]> {
    const rows = await this.#session.all(sql`
      SELECT kind, repository_id, digest, due_at FROM review WHERE due_at <= ${now} ORDER BY due_at LIMIT ${limit}`)
    return rows.map(toReview)
  }

  async listOfLinks(repositoryId: number, digests: readonly Digest[]): Promise<ReviewRecord[]> {
    const found: ReviewRecord[] = []
    for (const batch of inBatches(digests)) {
      const rows = await this.#session.all(sql`
        SELECT kind, repository_id, digest, due_at FROM review
         WHERE kind = 'link' AND repository_id = ${repositoryId} AND digest IN (${paddedList(batch)})`)
      for (const row of rows) found.push(toReview(row))
    }
    return found
  }

  async count(): Promise<number> {
    const [row] = await this.#session.all(sql`SELECT COUNT(*) AS n FROM review`)
    return row?.n as number
  }

  async summarize(now: number): Promise<ReviewSummary[]> {
    const rows = await this.#session.all(sql`
      SELECT kind, COUNT(*) AS n, SUM(CASE WHEN due_at <= ${now} THEN 1 ELSE 0 END) AS due, MIN(due_at) AS next_due_at
        FROM review GROUP BY kind ORDER BY kind`)
    return rows.map((row) => ({
      kind: row.kind as ReviewRecord['kind'],
      count: row.n as number,
      dueCount: row.due as number,
      nextDueAt: row.next_due_at as number,
    }))
  }

  async put(review: ReviewRecord): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO review (kind, repository_id, digest, due_at)
      VALUES (${review.kind}, ${review.repositoryId}, ${review.digest}, ${review.dueAt})
      ON CONFLICT (kind, repository_id, digest)
      DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at > review.due_at`)
  }

  async putUntagged(repositoryId: number, dueAt: number): Promise<void> {
    await this.#session.run(sql`
      INSERT INTO review (kind, repository_id, digest, due_at)
      SELECT 'manifest', m.repository_id, m.digest, ${dueAt} FROM manifest m
       WHERE m.repository_id = ${repositoryId}
         AND NOT EXISTS (SELECT 1 FROM tag t WHERE t.repository_id = m.repository_id AND t.digest = m.digest)
      ON CONFLICT (kind, repository_id, digest)
      DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at > review.due_at`)
  }

  async remove(review: ReviewRecord): Promise<boolean> {
    const removed = await this.#session.run(sql`
      DELETE FROM review
       WHERE kind = ${review.kind} AND repository_id = ${review.repositoryId} AND digest = ${review.digest}
         AND due_at = ${review.dueAt}`)
    return removed === 1
  }
}

function toReview(row: Row): ReviewRecord {
  return {
    kind: row.kind as ReviewRecord['kind'],
    repositoryId: row.repository_id as number,
    digest: row.digest as Digest,
    dueAt: row.due_at as number,
  }
}
