import { parseImageName } from '../../oci/repository-name.ts'
import type { OciHandler } from './exchange.ts'
import { parsePageSize } from './page-size.ts'

/** Most names in one answer; more are behind its Link header. */
const repositoriesPageMax = 1_000

/** `GET /v2/_catalog`: the image names that the caller may pull, a page of `n` from behind `last`. */
export const listRepositories: OciHandler = async ({ registry, call, query }) => {
  const limit = parsePageSize(query.get('n'), repositoriesPageMax)
  const last = query.get('last')
  const after = last === null ? undefined : parseImageName(last)
  const found = limit === 0 ? [] : await registry.repositories.listPullable(call, { after, limit: limit + 1 })
  const repositories = found.slice(0, limit).map(({ alias, name }) => `${alias}/${name}`)
  const next = new URLSearchParams({ n: String(limit), last: repositories.at(-1) ?? '' })
  return {
    status: 200,
    headers: {
      'content-type': 'application/json',
      ...(found.length > limit && { link: `</v2/_catalog?${next}>; rel="next"` }),
    },
    body: `${JSON.stringify({ repositories })}\n`,
  }
}
