import { test as base, describe, expect } from 'vitest'

import { operationNames } from '../../src/http/ecr-public/operations.ts'
import { endpointNames } from '../../src/http/oci/routes.ts'
import type { OperationName } from '../../src/http/rates.ts'
import { jsonOf } from '../support/answer.ts'
import { type Caller, callers, type Scene, startScene, type Visibility } from '../support/authorization-scene.ts'
import { sha256 } from '../support/images.ts'

/**
 * Who may do what through the API. It makes no difference whether the repository is public or private.
 *
 * ok: what `operations` says. no: AccessDenied. bare: MissingAuthenticationToken. gone: UnrecognizedClient. late:
 * InvalidSignature.
 */
const api = `
  operation                    nobody anyone foreign plain reader pusher owner disabled expired deleted
  BatchCheckLayerAvailability  bare   bare   no      no    ok     ok     ok    gone     late    gone
  BatchDeleteImage             bare   bare   no      no    no     no     ok    gone     late    gone
  CompleteLayerUpload          bare   bare   no      no    no     ok     ok    gone     late    gone
  CreateRepository             bare   bare   ok      no    no     no     ok    gone     late    gone
  DeleteRepository             bare   bare   no      no    no     no     ok    gone     late    gone
  DeleteRepositoryPolicy       bare   bare   no      no    no     no     ok    gone     late    gone
  DescribeImageTags            bare   bare   no      no    ok     ok     ok    gone     late    gone
  DescribeImages               bare   bare   no      no    ok     ok     ok    gone     late    gone
  DescribeRegistries           bare   bare   ok      no    ok     ok     ok    gone     late    gone
  DescribeRepositories         bare   bare   no      no    ok     ok     ok    gone     late    gone
  GetAuthorizationToken        bare   bare   ok      no    ok     ok     ok    gone     late    gone
  GetRegistryCatalogData       bare   bare   ok      no    ok     ok     ok    gone     late    gone
  GetRepositoryCatalogData     bare   bare   no      no    ok     ok     ok    gone     late    gone
  GetRepositoryPolicy          bare   bare   no      no    ok     ok     ok    gone     late    gone
  InitiateLayerUpload          bare   bare   no      no    no     ok     ok    gone     late    gone
  ListTagsForResource          bare   bare   no      no    no     no     ok    gone     late    gone
  PutImage                     bare   bare   no      no    no     ok     ok    gone     late    gone
  PutRegistryCatalogData       bare   bare   ok      no    no     no     ok    gone     late    gone
  PutRepositoryCatalogData     bare   bare   no      no    no     no     ok    gone     late    gone
  SetRepositoryPolicy          bare   bare   no      no    no     no     ok    gone     late    gone
  TagResource                  bare   bare   no      no    no     no     ok    gone     late    gone
  UntagResource                bare   bare   no      no    no     no     ok    gone     late    gone
  UploadLayerPart              bare   bare   no      no    no     ok     ok    gone     late    gone
`

/**
 * Who may do what on the registry endpoint.
 *
 * ok: what `endpoints` says. 401: asked for a credential, or for another one. 403: told no. 404: told that there is no
 * such repository. blank: 200, with nothing of what was asked about.
 */
const registryEndpoint = `
  endpoint                                   nobody anyone foreign plain reader pusher owner disabled expired deleted
  GET /v2/                           both    401    ok     ok      ok    ok     ok     ok    401      401     401
  HEAD /v2/                          both    401    ok     ok      ok    ok     ok     ok    401      401     401
  GET /v2/_catalog                   public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  GET /v2/_catalog                   private blank  blank  blank   blank ok     ok     ok    401      401     401
  GET /v2/<name>/blobs/*             public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  GET /v2/<name>/blobs/*             private 401    404    404     404   ok     ok     ok    401      401     401
  HEAD /v2/<name>/blobs/*            public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  HEAD /v2/<name>/blobs/*            private 401    404    404     404   ok     ok     ok    401      401     401
  DELETE /v2/<name>/blobs/*          both    401    401    403     403   403    403    ok    401      401     401
  POST /v2/<name>/blobs/uploads/     both    401    401    403     403   403    ok     ok    401      401     401
  GET /v2/<name>/blobs/uploads/*     both    401    401    403     403   403    ok     ok    401      401     401
  PATCH /v2/<name>/blobs/uploads/*   both    401    401    403     403   403    ok     ok    401      401     401
  PUT /v2/<name>/blobs/uploads/*     both    401    401    403     403   403    ok     ok    401      401     401
  DELETE /v2/<name>/blobs/uploads/*  both    401    401    403     403   403    ok     ok    401      401     401
  GET /v2/<name>/manifests/*         public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  GET /v2/<name>/manifests/*         private 401    404    404     404   ok     ok     ok    401      401     401
  HEAD /v2/<name>/manifests/*        public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  HEAD /v2/<name>/manifests/*        private 401    404    404     404   ok     ok     ok    401      401     401
  PUT /v2/<name>/manifests/*         both    401    401    403     403   403    ok     ok    401      401     401
  DELETE /v2/<name>/manifests/*      both    401    401    403     403   403    403    ok    401      401     401
  GET /v2/<name>/referrers/*         public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  GET /v2/<name>/referrers/*         private 401    blank  blank   blank ok     ok     ok    401      401     401
  GET /v2/<name>/tags/list           public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  GET /v2/<name>/tags/list           private 401    404    404     404   ok     ok     ok    401      401     401
  HEAD /v2/<name>/tags/list          public  ok     ok     ok      ok    ok     ok     ok    401      401     401
  HEAD /v2/<name>/tags/list          private 401    404    404     404   ok     ok     ok    401      401     401
`

const absentDigest = sha256('of nothing that was pushed')
const absentUpload = '00000000-0000-4000-8000-000000000000'

interface OperationCase {
  /** What is asked beside the name of the repository: nothing that would change what another row depends on. */
  readonly input?: (scene: Scene, repositoryName: string) => object
  /** What one who may is answered, where that is an exception. */
  readonly exception?: string
}

const operations: Readonly<Record<OperationName, OperationCase>> = {
  BatchCheckLayerAvailability: { input: () => ({ layerDigests: [absentDigest] }) },
  BatchDeleteImage: { input: () => ({ imageIds: [{ imageDigest: absentDigest }] }) },
  CompleteLayerUpload: {
    input: () => ({ uploadId: absentUpload, layerDigests: [absentDigest] }),
    exception: 'UploadNotFoundException',
  },
  CreateRepository: { exception: 'RepositoryAlreadyExistsException' },
  DeleteRepository: { exception: 'RepositoryNotEmptyException' },
  DeleteRepositoryPolicy: { exception: 'RepositoryPolicyNotFoundException' },
  DescribeImageTags: {},
  DescribeImages: {},
  DescribeRegistries: {},
  DescribeRepositories: { input: (_, repositoryName) => ({ repositoryNames: [repositoryName] }) },
  GetAuthorizationToken: {},
  GetRegistryCatalogData: {},
  GetRepositoryCatalogData: {},
  GetRepositoryPolicy: { exception: 'RepositoryPolicyNotFoundException' },
  InitiateLayerUpload: {},
  ListTagsForResource: {},
  PutImage: {
    input: ({ image: { bytes, mediaType } }) => ({
      imageManifest: bytes.toString(),
      imageManifestMediaType: mediaType,
      imageTag: 'latest',
    }),
    exception: 'ImageAlreadyExistsException',
  },
  PutRegistryCatalogData: { input: () => ({ displayName: 'Matrix' }) },
  PutRepositoryCatalogData: { input: () => ({ catalogData: {} }) },
  SetRepositoryPolicy: { input: () => ({ policyText: 'none' }), exception: 'InvalidParameterException' },
  TagResource: { input: () => ({ tags: [{ Key: 'team', Value: 'matrix' }] }) },
  UntagResource: { input: () => ({ tagKeys: ['team'] }) },
  UploadLayerPart: {
    input: () => ({ uploadId: absentUpload, partFirstByte: 0, partLastByte: 0, layerPartBlob: 'AA==' }),
    exception: 'UploadNotFoundException',
  },
}

interface EndpointCase {
  /** In place of the `*`. */
  readonly last?: (scene: Scene) => string
  readonly body?: (scene: Scene) => { readonly bytes: Buffer; readonly mediaType: string }
  /** What one who may is answered, where that is not 200. */
  readonly status?: number
  /** What the answer shows to one who may. */
  readonly shows?: (scene: Scene, name: string) => string
}

const layer = ({ image }: Scene) => image.blobs[0]!.digest
const upload = { last: () => absentUpload, status: 404 }
const latest = { last: () => 'latest' }

const endpoints: Readonly<Record<string, EndpointCase>> = {
  'GET /v2/': {},
  'HEAD /v2/': {},
  'GET /v2/_catalog': { shows: (_, name) => name },
  'GET /v2/<name>/blobs/*': { last: layer },
  'HEAD /v2/<name>/blobs/*': { last: layer },
  'DELETE /v2/<name>/blobs/*': { last: layer, status: 405 },
  'POST /v2/<name>/blobs/uploads/': { status: 202 },
  'GET /v2/<name>/blobs/uploads/*': upload,
  'PATCH /v2/<name>/blobs/uploads/*': upload,
  'PUT /v2/<name>/blobs/uploads/*': { ...upload, last: () => `${absentUpload}?digest=${absentDigest}` },
  'DELETE /v2/<name>/blobs/uploads/*': upload,
  'GET /v2/<name>/manifests/*': latest,
  'HEAD /v2/<name>/manifests/*': latest,
  'PUT /v2/<name>/manifests/*': { ...latest, body: ({ image }) => image, status: 201 },
  'DELETE /v2/<name>/manifests/*': { last: () => absentDigest, status: 404 },
  'GET /v2/<name>/referrers/*': { last: ({ image }) => image.digest, shows: ({ artifact }) => artifact.digest },
  'GET /v2/<name>/tags/list': {},
  'HEAD /v2/<name>/tags/list': {},
}

// biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
const test = base.extend('scene', { scope: 'file' }, async ({}, { onCleanup }) => {
  const scene = await startScene()
  onCleanup(() => scene[Symbol.asyncDispose]())
  return scene
})

interface Row {
  readonly name: string
  readonly visibility: Visibility
  readonly expected: Readonly<Record<Caller, string>>
}

describe('the API', () => {
  const rows = rowsOf(api)

  test('has a row for every operation, once for each repository', () => expectComplete(rows, operationNames))

  test.for(rows)('$name, $visibility repository', async ({ name, visibility, expected }, { scene }) => {
    const { input = () => ({}), exception } = operations[name as OperationName]
    const repositoryName = scene.repositoryName(visibility)
    const named = {
      registryId: scene.accountId,
      repositoryName,
      resourceArn: `arn:aws:ecr-public::${scene.accountId}:repository/${repositoryName}`,
    }
    const outcomes = await outcomesOf(async (caller) => {
      const answer = await scene.call(caller, name, { ...named, ...input(scene, repositoryName) })
      const type = answer.status === 200 ? undefined : (jsonOf(answer) as { __type: string }).__type
      return type === exception ? 'ok' : (apiWords[type ?? ''] ?? type ?? '200')
    })
    expect(outcomes).toEqual(expected)
  })
})

const apiWords: Readonly<Record<string, string>> = {
  AccessDeniedException: 'no',
  MissingAuthenticationTokenException: 'bare',
  UnrecognizedClientException: 'gone',
  InvalidSignatureException: 'late',
}

describe('the registry endpoint', () => {
  const rows = rowsOf(registryEndpoint)

  test('has a row for every method of every path, once for each repository', () => expectComplete(rows, endpointNames))

  test.for(rows)('$name, $visibility repository', async ({ name, visibility, expected }, { scene }) => {
    const imageName = `library/${scene.repositoryName(visibility)}`
    const { last, body, status = 200, shows } = endpoints[name]!
    const [method, pattern] = name.split(' ') as [string, string]
    const path = pattern.replace('<name>', imageName).replace('*', last?.(scene) ?? '')
    const { bytes, mediaType } = body?.(scene) ?? {}
    const question = { body: bytes, headers: { ...(mediaType !== undefined && { 'content-type': mediaType }) } }
    const outcomes = await outcomesOf(async (caller) => {
      const answer = await scene.oci(caller).ask(method, path, question)
      const isHidden = answer.bytes.includes('NAME_UNKNOWN')
      // Whoever is asked for a credential is told where to get one, and nobody else.
      expect(answer.headers.has('www-authenticate')).toBe(answer.status === 401)
      if (answer.status !== status || isHidden) return String(answer.status)
      return shows && !answer.bytes.includes(shows(scene, imageName)) ? 'blank' : 'ok'
    })
    expect(outcomes).toEqual(expected)
  })
})

async function outcomesOf(ask: (caller: Caller) => Promise<string>): Promise<Record<Caller, string>> {
  const entries = await Promise.all(callers.map(async (caller) => [caller, await ask(caller)] as const))
  return Object.fromEntries(entries) as Record<Caller, string>
}

function expectComplete(rows: readonly Row[], names: readonly string[]): void {
  const wanted = names.flatMap((name) => [`${name} private`, `${name} public`])
  expect(rows.map(({ name, visibility }) => `${name} ${visibility}`).toSorted()).toEqual(wanted.toSorted())
}

/** Without `public` or `private`, a line is for both. */
function rowsOf(table: string): Row[] {
  const [heading, ...lines] = table.trim().split('\n')
  expect(heading!.trim().split(/ +/).slice(1)).toEqual(callers)
  return lines.flatMap((line) => {
    const words = line.trim().split(/ +/)
    const outcomes = words.splice(-callers.length)
    const expected = Object.fromEntries(callers.map((caller, i) => [caller, outcomes[i]!])) as Row['expected']
    const last = words.at(-1)
    const visibilities = last === 'public' || last === 'private' ? ([last] as const) : (['public', 'private'] as const)
    const name = words.filter((word) => !['public', 'private', 'both'].includes(word)).join(' ')
    return visibilities.map((visibility) => ({ name, visibility, expected }))
  })
}
