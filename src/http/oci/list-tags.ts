import { type OciHandler, pathOf, repositoryIn } from './exchange.ts'
import { parsePageSize } from './page-size.ts'

/** Most tags in one answer; more are behind its Link header. */
export const tagsPageMax = 10_000

/**
 * `GET /v2/<name>/tags/list`, a page of `n` from behind `last`, in lexical order. There is a Link to the next page
 * where there is a next page, asked for or not.
 */
export const listTags: OciHandler = async (exchange) => {
  const { registry, call, query } = exchange
  const { image, address } = repositoryIn(exchange)
  const limit = parsePageSize(query.get('n'), tagsPageMax)
  // One more than asked for tells whether there is a next page.
  const rows = await registry.tags.list(call, address, { after: query.get('last') ?? undefined, limit: limit + 1 })
  const tags = rows.slice(0, limit).map((row) => row.tag)
  const last = tags.at(-1)
  const hasMore = rows.length > limit && last !== undefined
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...(hasMore && { link: `<${pathOf(image)}/tags/list?n=${limit}&last=${last}>; rel="next"` }),
    },
    body: `${JSON.stringify({ name: `${image.alias}/${image.name}`, tags })}\n`,
  }
}
