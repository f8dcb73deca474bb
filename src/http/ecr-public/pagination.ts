import { refuse } from '../../errors.ts'

/** What a list answers when it is not told how many: ECR's default. */
export const pageDefault = 100

/**
 * A page token says where the next page begins: the key of the last item of this one, so that what comes and goes in
 * between neither repeats nor hides anything else. Opaque to clients.
 */
export function encodePageToken(list: string, after: string): string {
  return Buffer.from(JSON.stringify([list, after])).toString('base64url')
}

/** The key in a token made for this list. Refuses `PageTokenInvalid`. */
export function decodePageToken(list: string, token: string | undefined): string | undefined {
  if (token === undefined) return undefined
  try {
    const [forList, after]: unknown[] = JSON.parse(Buffer.from(token, 'base64url').toString('utf8'))
    if (forList === list && typeof after === 'string') return after
  } catch {
    // not made here: refused below, like one made for another list
  }
  throw refuse('PageTokenInvalid', { token })
}

/**
 * Cut a page out of rows of which one more than asked for was fetched, which tells whether there is a next page.
 */
export function page<Row>(
  list: string,
  rows: readonly Row[],
  size: number,
  keyOf: (row: Row) => string,
): { rows: readonly Row[]; nextToken?: string } {
  const last = rows[size - 1]
  if (rows.length <= size || last === undefined) return { rows }
  return { rows: rows.slice(0, size), nextToken: encodePageToken(list, keyOf(last)) }
}
