import { join, type RawValue, type Sql } from 'sql-template-tag'

/**
 * What a driver gives the shared SQL: a way to run one statement, inside a transaction or not. A row's columns are
 * numbers, strings, bytes or null; times and sizes are integers that JavaScript can hold.
 */
export interface SqlSession {
  all(query: Sql): Promise<Row[]>
  /** How many rows changed. @throws KeyTaken on a primary or unique key that is there already */
  run(query: Sql): Promise<number>
}

export type Row = Readonly<Record<string, string | number | Uint8Array | null>>

export async function first<T>(session: SqlSession, query: Sql, read: (row: Row) => T): Promise<T | undefined> {
  const [row] = await session.all(query)
  return row && read(row)
}

/** Most values in one statement: SQLite takes 32,766 and PostgreSQL 65,535. */
const valuesPerStatementMax = 1024

/** Pieces small enough for one statement each. Nothing for nothing. */
export function* inBatches<T>(values: readonly T[]): Generator<readonly T[]> {
  for (let start = 0; start < values.length; start += valuesPerStatementMax) {
    yield values.slice(start, start + valuesPerStatementMax)
  }
}

/**
 * A comma list for `IN (…)` or `VALUES …`, its length rounded up to a power of two by repeating the last value, so that
 * a database prepares a dozen statements and not a thousand. The statement must not mind the repetition.
 */
export function paddedList(values: readonly RawValue[]): Sql {
  const length = 2 ** Math.ceil(Math.log2(values.length))
  return join([...values, ...new Array<RawValue>(length - values.length).fill(values.at(-1))])
}
