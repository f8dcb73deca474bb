import type { Page } from '../metadata/metadata-store.ts'

const pageRows = 1_000

/** All rows of a list, page by page. For lists that people read, not for requests. */
export async function everyRow<Row, Key>(
  list: (page: Page<Key>) => Promise<Row[]>,
  keyOf: (row: Row) => Key,
): Promise<Row[]> {
  const rows: Row[] = []
  for (;;) {
    const last = rows.at(-1)
    const page = await list({ after: last && keyOf(last), limit: pageRows })
    rows.push(...page)
    if (page.length < pageRows) return rows
  }
}
