import { isRefusal, type RefusalCode, RegistryError, refuse } from '../../errors.ts'
import { digestOf } from '../../oci/digest.ts'
import { factsOf } from '../../registry/address.ts'
import { hasBody } from '../request-body.ts'
import { appendUpload } from './append-upload.ts'
import { completeUpload } from './complete-upload.ts'
import { describeOciError, type OciError } from './errors.ts'
import { header, type OciAnswer, type OciExchange, type OciHandler, repositoryIn } from './exchange.ts'
import { getManifest } from './get-manifest.ts'
import { getUpload } from './get-upload.ts'
import { headBlob } from './head-blob.ts'
import { listRepositories } from './list-repositories.ts'
import { listTags } from './list-tags.ts'
import { startUpload } from './start-upload.ts'

/** Something that public.ecr.aws does to clients, and Waybill only where it is asked to. */
interface Quirk {
  /** As docs/compatibility.md has it. */
  readonly sentence: string
  /** The handlers that `wrap` is put around. */
  readonly handlers?: readonly OciHandler[] | 'every'
  readonly wrap?: (handler: OciHandler) => OciHandler
  readonly reword?: (error: OciError, thrown: unknown, door: Door) => OciError
  readonly challengeScope?: string
}

/** Where an error is shown. */
type Door = 'v2' | 'token'

const chunkBytes = 10 * 1024 * 1024
const tagsPageMax = 1000
const emptyBlob = digestOf(new Uint8Array())

/** What ECR's API calls an InvalidParameterException. */
const invalidParameters: readonly RefusalCode[] = [
  'ManifestInvalid',
  'MediaTypeInvalid',
  'NameInvalid',
  'ParameterInvalid',
]

const table = {
  'bearer-needed': {
    sentence: 'Nothing without a token: who pulls anonymously gets an anonymous one from `/token/` first.',
    handlers: 'every',
    wrap: (handler) => async (exchange) => {
      if (!exchange.call.hasCredential) throw refuse('Unauthenticated', { reason: 'no credential was given' })
      return handler(exchange)
    },
  },
  'basic-refused': {
    sentence: 'Basic is taken at `/token/` only; on `/v2/` it is a bad token.',
    handlers: 'every',
    wrap: (handler) => async (exchange) => {
      const isBasic = /^basic /i.test(header(exchange.request, 'authorization') ?? '')
      if (isBasic) throw refuse('TokenInvalid', { reason: 'Basic' })
      return handler(exchange)
    },
  },
  'denied-code': {
    sentence: 'The code of a 401 is `DENIED`, not `UNAUTHORIZED`.',
    reword: (error) => (error.code === 'UNAUTHORIZED' ? { ...error, code: 'DENIED' } : error),
  },
  'bad-token-400': {
    sentence: 'A bad or expired token is a 400 without a challenge: `Your Authorization Token is invalid.`',
    reword: (error, thrown) =>
      isRefusal(thrown, 'TokenInvalid')
        ? { status: 400, code: 'DENIED', message: 'Your Authorization Token is invalid.' }
        : error,
  },
  'expired-login-403': {
    sentence:
      'An expired login is a 403 at `/token/`, which keeps it from pulling even what is public: `Your authorization token has expired. Reauthenticate and try again.`',
    reword: (error, thrown, door) =>
      door === 'token' && isRefusal(thrown, 'TokenInvalid') && thrown.facts.reason === 'expired'
        ? {
            status: 403,
            code: 'DENIED',
            message: 'Your authorization token has expired. Reauthenticate and try again.',
          }
        : error,
  },
  'aws-scope': {
    sentence: 'Every challenge has `scope="aws"`, whatever was asked for.',
    challengeScope: 'aws',
  },
  'invalid-405': {
    sentence: 'A manifest, a name or a number that cannot be used is a 405 `UNSUPPORTED`.',
    reword: (error, thrown) =>
      thrown instanceof RegistryError && invalidParameters.includes(thrown.code)
        ? { ...error, status: 405, code: 'UNSUPPORTED' }
        : error,
  },
  'plain-404': {
    sentence: 'What is not served is a 404 in plain text: `404 page not found`.',
    reword: (error, thrown) =>
      isRefusal(thrown, 'RouteUnknown')
        ? { ...error, headers: { 'content-type': 'text/plain; charset=utf-8' }, text: '404 page not found\n' }
        : error,
  },
  'no-catalog': {
    sentence: '`_catalog` is not served.',
    handlers: [listRepositories],
    wrap: () => notServed,
  },
  'tags-page': {
    sentence: '`tags/list` takes no `n` above 1000.',
    handlers: [listTags],
    wrap: (handler) => async (exchange) => {
      if (Number(exchange.query.get('n')) <= tagsPageMax) return handler(exchange)
      const constraint = `Member must have value less than or equal to ${tagsPageMax}`
      throw refuse('ParameterInvalid', { path: 'maxResults', constraint })
    },
  },
  'no-manifest-digest': {
    sentence: 'GET of a manifest has no `Docker-Content-Digest`; HEAD has.',
    handlers: [getManifest],
    wrap: (handler) => async (exchange) => {
      const answer = await handler(exchange)
      if (exchange.request.method === 'HEAD') return answer
      const { 'docker-content-digest': _, ...headers } = answer.headers ?? {}
      return { ...answer, headers }
    },
  },
  'blob-head-401': {
    sentence: 'HEAD of a blob is a 401 to everybody who is nobody in particular, with a token or without.',
    handlers: [headBlob],
    wrap: (handler) => async (exchange) => {
      if (exchange.call.principal.kind === 'anonymous') throw refuse('Unauthenticated', { reason: 'anonymous' })
      return handler(exchange)
    },
  },
  'no-mounts': {
    sentence: '`mount=` is not looked at: an upload begins.',
    handlers: [startUpload],
    wrap: (handler) => async (exchange) => {
      const query = new URLSearchParams(exchange.query)
      for (const name of ['mount', 'from']) query.delete(name)
      return handler({ ...exchange, query })
    },
  },
  'patch-201': {
    sentence: 'PATCH of an upload answers 201.',
    handlers: [appendUpload],
    wrap: (handler) => async (exchange) => ({ ...(await handler(exchange)), status: 201 }),
  },
  'stuck-range': {
    sentence: 'The `Range` that PATCH answers goes no further than `0-10485759`, whatever has been received.',
    handlers: [appendUpload],
    wrap: (handler) => async (exchange) => withRangeStuck(await handler(exchange)),
  },
  'no-upload-status': {
    sentence: 'GET of an upload is not served.',
    handlers: [getUpload],
    wrap: () => notServed,
  },
  'no-empty-blob': {
    sentence: 'A blob of zero bytes is refused.',
    handlers: [startUpload, completeUpload],
    wrap: (handler) => async (exchange) => {
      // Others are refused, too, for being nobody, by the handler.
      const isUser = exchange.call.principal.kind === 'user'
      if (!isUser || exchange.query.get('digest') !== emptyBlob) return handler(exchange)
      const { address } = repositoryIn(exchange)
      throw refuse('UploadEmpty', { ...factsOf(address), upload: exchange.parameters.last })
    },
  },
  'small-chunk': {
    sentence: 'After a chunk of less than 5 MiB that was not the last, the final PUT is refused.',
    handlers: [completeUpload],
    wrap: (handler) => async (exchange) => {
      await requireLargeChunks(exchange)
      return handler(exchange)
    },
  },
} as const satisfies Record<string, Quirk>

export type QuirkName = keyof typeof table

export const quirks: Readonly<Record<QuirkName, Quirk>> = table

/**
 * The quirks in force, put between the door and its handlers: neither knows of any. Later ones of the table are put
 * around handlers first, and reword errors last.
 */
export class Quirks {
  readonly #quirks: readonly Quirk[]

  constructor(profile: 'none' | 'aws') {
    this.#quirks = profile === 'aws' ? Object.values(quirks) : []
  }

  around(handler: OciHandler): OciHandler {
    return this.#quirks.reduceRight(
      (inner, { handlers, wrap }) =>
        wrap && (handlers === 'every' || handlers?.includes(handler)) ? wrap(inner) : inner,
      handler,
    )
  }

  describe(thrown: unknown, door: Door): OciError {
    const plain = describeOciError(thrown)
    return this.#quirks.reduce((error, { reword }) => reword?.(error, thrown, door) ?? error, plain)
  }

  /** The scope to name in a challenge to a request that needs `scope`. */
  challengeScope(scope: string): string {
    return this.#quirks.reduce((asked, quirk) => quirk.challengeScope ?? asked, scope)
  }
}

const notServed: OciHandler = async ({ request }: OciExchange) => {
  throw refuse('RouteUnknown', { path: request.url ?? '' })
}

async function requireLargeChunks(exchange: OciExchange): Promise<void> {
  const { registry, call, parameters, request } = exchange
  const { partBytesMin } = registry.limits
  const { address } = repositoryIn(exchange)
  const upload = await registry.uploads.get(call, { ...address, upload: parameters.last }).catch((error) => {
    // What to make of it is for the handler to say.
    if (error instanceof RegistryError) return undefined
    throw error
  })
  const { smallestInnerPartBytes = partBytesMin, lastPartBytes = 0, partCount = 0 } = upload ?? {}
  const isLastInner = partCount > 0 && hasBody(request)
  const smallest = isLastInner ? Math.min(smallestInnerPartBytes, lastPartBytes) : smallestInnerPartBytes
  if (smallest < partBytesMin) throw refuse('UploadPartTooSmall', { partBytesMin })
}

function withRangeStuck(answer: OciAnswer): OciAnswer {
  const last = Number(answer.headers?.range?.split('-')[1])
  return { ...answer, headers: { ...answer.headers, range: `0-${Math.min(last, chunkBytes - 1)}` } }
}
