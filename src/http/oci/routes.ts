import type { CountedAction } from '../rate-limits.ts'
import { appendUpload } from './append-upload.ts'
import { cancelUpload } from './cancel-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { deleteBlob } from './delete-blob.ts'
import { deleteManifest } from './delete-manifest.ts'
import type { OciHandler } from './exchange.ts'
import { getBlob } from './get-blob.ts'
import { getManifest } from './get-manifest.ts'
import { getUpload } from './get-upload.ts'
import { headBlob } from './head-blob.ts'
import { listReferrers } from './list-referrers.ts'
import { listRepositories } from './list-repositories.ts'
import { listTags } from './list-tags.ts'
import { ping } from './ping.ts'
import { putManifest } from './put-manifest.ts'
import { startUpload } from './start-upload.ts'

export type Method = 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** The variable parts of a path, percent-decoded and not yet checked. `name` is empty where a path has none. */
export interface RouteParameters {
  readonly name: string
  readonly last: string
}

interface Endpoint {
  /**
   * What follows the repository's name, where `*` is one segment that becomes `last`. Names contain slashes, so paths
   * are matched from the right. Without a name, the whole of what follows `/v2`.
   */
  readonly path: string
  readonly hasName: boolean
  /** Every method here is part of a push, also those that only look. */
  readonly isPush?: true
  readonly handlers: Readonly<Partial<Record<Method, OciHandler>>>
  /** What a request counts as where there are limits: the operation of the API that it stands for, or a pull. */
  readonly countsAs?: Readonly<Partial<Record<Method, CountedAction>>>
}

const endpoints: readonly Endpoint[] = [
  { path: '/', hasName: false, handlers: { GET: ping, HEAD: ping } },
  { path: '/_catalog', hasName: false, handlers: { GET: listRepositories } },
  {
    path: '/blobs/*',
    hasName: true,
    handlers: { GET: getBlob, HEAD: headBlob, DELETE: deleteBlob },
    countsAs: { HEAD: 'BatchCheckLayerAvailability', DELETE: 'BatchDeleteImage' },
  },
  {
    path: '/blobs/uploads/',
    hasName: true,
    handlers: { POST: startUpload },
    countsAs: { POST: 'InitiateLayerUpload' },
  },
  {
    path: '/blobs/uploads/*',
    hasName: true,
    isPush: true,
    handlers: { GET: getUpload, PATCH: appendUpload, PUT: completeUpload, DELETE: cancelUpload },
    countsAs: { PATCH: 'UploadLayerPart', PUT: 'CompleteLayerUpload' },
  },
  {
    path: '/manifests/*',
    hasName: true,
    handlers: { GET: getManifest, HEAD: getManifest, PUT: putManifest, DELETE: deleteManifest },
    countsAs: { GET: 'pull', PUT: 'PutImage', DELETE: 'BatchDeleteImage' },
  },
  { path: '/referrers/*', hasName: true, handlers: { GET: listReferrers } },
  { path: '/tags/list', hasName: true, handlers: { GET: listTags, HEAD: listTags } },
]

/** Every endpoint with each of its methods: `GET /v2/<name>/tags/list`. */
export const endpointNames: readonly string[] = endpoints.flatMap(({ path, hasName, handlers }) =>
  Object.keys(handlers).map((method) => `${method} /v2${hasName ? '/<name>' : ''}${path}`),
)

/** Longest paths first: `/blobs/uploads/` is no blob called `uploads`. */
const patterns = endpoints
  .map((endpoint) => ({ ...endpoint, segments: endpoint.path.split('/').slice(1) }))
  .sort((a, b) => b.segments.length - a.segments.length)

export interface RouteMatch {
  /** The endpoint's path, with `*` for what varies. */
  readonly endpoint: string
  readonly parameters: RouteParameters
  readonly isPush: boolean
  readonly handlers: Endpoint['handlers']
  readonly countsAs: NonNullable<Endpoint['countsAs']>
}

/** The endpoint for a raw path that begins with `/v2`; `undefined` where there is none. */
export function matchRoute(path: string): RouteMatch | undefined {
  const segments = decodeSegments(path === '/v2' ? '/v2/' : path)
  if (!segments) return undefined
  // A trailing slash after `uploads` is the specification's spelling; clients leave it out.
  if (segments.at(-1) === 'uploads' && segments.at(-2) === 'blobs') segments.push('')
  for (const { path: endpoint, segments: pattern, hasName, isPush = false, handlers, countsAs = {} } of patterns) {
    const nameLength = segments.length - pattern.length
    if (hasName ? nameLength < 1 : nameLength !== 0) continue
    if (!pattern.every((wanted, i) => matchesSegment(wanted, segments[nameLength + i]!))) continue
    const last = pattern.at(-1) === '*' ? segments.at(-1)! : ''
    const parameters = { name: segments.slice(0, nameLength).join('/'), last }
    return { endpoint, parameters, isPush, handlers, countsAs }
  }
  return undefined
}

function matchesSegment(wanted: string, segment: string): boolean {
  return wanted === '*' ? segment !== '' : wanted === segment
}

/** What follows `/v2/`, cut at slashes and decoded; `undefined` for an escape that is none. */
function decodeSegments(path: string): string[] | undefined {
  try {
    return path.slice('/v2/'.length).split('/').map(decodeURIComponent)
  } catch {
    return undefined
  }
}
