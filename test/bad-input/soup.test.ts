import fc from 'fast-check'
import { expect } from 'vitest'

import { jsonOf } from '../support/answer.ts'
import { image, sha256 } from '../support/images.ts'
import { pushImage, startUpload } from '../support/push.ts'
import { head, RawConnection } from '../support/raw-http.ts'
import { testWithRegistry } from '../support/registry-test.ts'

const test = testWithRegistry()

/** As long as there is time for. */
const effort = { numRuns: 10_000, interruptAfterTimeLimit: 600, markInterruptAsFailure: false }

const operations = [
  ...['GetAuthorizationToken', 'CreateRepository', 'DescribeRepositories', 'BatchCheckLayerAvailability'],
  ...['InitiateLayerUpload', 'UploadLayerPart', 'CompleteLayerUpload', 'PutImage', 'DescribeImages'],
  ...[
    'DeleteRepository',
    'BatchDeleteImage',
    'DescribeImageTags',
    'DescribeRegistries',
    'TagResource',
    'UntagResource',
  ],
  ...['ListTagsForResource', 'SetRepositoryPolicy', 'GetRepositoryPolicy', 'DeleteRepositoryPolicy'],
  ...['PutRepositoryCatalogData', 'GetRepositoryCatalogData', 'PutRegistryCatalogData', 'GetRegistryCatalogData'],
]

/** Every member that some operation has. */
const members = [
  ...['registryId', 'repositoryName', 'repositoryNames', 'layerDigests', 'uploadId', 'partFirstByte', 'partLastByte'],
  ...['layerPartBlob', 'imageManifest', 'imageManifestMediaType', 'imageTag', 'imageDigest', 'imageIds', 'nextToken'],
  ...['maxResults', 'catalogData', 'tags', 'force', 'policyText', 'resourceArn', 'tagKeys', 'displayName', '__proto__'],
]

const wellKnown = fc.constantFrom(
  ...['library', '000000000000', 'soup', 'latest', sha256('soup'), '00000000-0000-4000-8000-000000000000', 'AAAA', ''],
  ...['arn:aws:ecr-public::000000000000:repository/soup', '{}', '{"schemaVersion":2}', '\0', '../..', 'a'.repeat(300)],
)
const member = fc.oneof(
  wellKnown,
  fc.jsonValue({ maxDepth: 3 }),
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.integer(),
  fc.array(wellKnown, { maxLength: 3 }),
  fc.array(fc.record({ imageTag: wellKnown, imageDigest: wellKnown, Key: wellKnown, Value: wellKnown }), {
    maxLength: 2,
  }),
)
const input = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.dictionary(fc.constantFrom(...members), member, { maxKeys: 8 }).map((value) => JSON.stringify(value)),
  },
  { weight: 1, arbitrary: fc.json() },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
)

test('no input of any operation is the fault of the registry', async ({ registry }) => {
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...operations), input, async (operation, body) => {
      const answer = await registry.call(operation, body)
      expect(answer.status).toBeOneOf([200, 400])
      if (answer.status === 400) expect(jsonOf(answer)).toMatchObject({ __type: expect.stringMatching(/Exception$/) })
    }),
    effort,
  )
})

const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']
const segment = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      'library',
      'soup',
      'blobs',
      'uploads',
      'manifests',
      'tags',
      'list',
      'referrers',
      '',
      'latest',
      sha256('soup'),
      'UPLOAD',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('..', '%2e%2e', '%2F', '%00', '%', '%zz', '%ff', 'sha256:', 'A', '~', "'") },
  { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 20 }).map(encodeURIComponent) },
)
const query = fc.oneof(
  fc.constant(''),
  fc.constantFrom('?n=1', '?n=-1', '?last=%00', '?n=0&last=z', '?%', '?=&&', '?artifactType=%00'),
  fc.constantFrom(
    `?digest=${sha256('soup')}`,
    '?digest=x',
    `?mount=${sha256('soup')}`,
    `?mount=${sha256('a')}&from=library/soup`,
    '?mount=&from=',
  ),
)
const path = fc
  .tuple(fc.constantFrom('/v2/library/soup/', '/v2/', '/token/', '/'), fc.array(segment, { maxLength: 5 }), query)
  .map(([start, segments, end]) => start + segments.join('/') + end)
const headers = fc.dictionary(
  fc.constantFrom(
    'Content-Type',
    'Content-Range',
    'Range',
    'Accept',
    'If-None-Match',
    'If-Match',
    'Content-Encoding',
    'Origin',
    'X-Forwarded-For',
  ),
  fc.oneof(
    fc.constantFrom(
      '0-4',
      'bytes=0-',
      'bytes=-5',
      'bytes 0-4/*',
      '*',
      'application/vnd.oci.image.manifest.v1+json',
      'gzip',
      '',
    ),
    fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 30 }),
  ),
  { maxKeys: 3 },
)
const body = fc.oneof(
  fc.constant(Buffer.from('')),
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  input.map((bytes) => Buffer.from(bytes)),
)

test('no request to the registry endpoint is the fault of the registry', async ({ registry }) => {
  await pushImage(registry.oci, 'library/soup', image(), 'latest')
  const upload = (await startUpload(registry.oci, 'library/soup')).split('/').at(-1)!
  const authorizations = [registry.oci.authorization!, 'Bearer x', 'Basic QVdTOng=', '']
  await fc.assert(
    fc.asyncProperty(
      ...([fc.constantFrom(...methods), path, headers, body, fc.constantFrom(...authorizations)] as const),
      async (method, target, given, bytes, Authorization) => {
        using connection = await RawConnection.open(registry.url)
        const fixed = {
          Host: registry.host,
          'Content-Length': bytes.length,
          ...(Authorization !== '' && { Authorization }),
        }
        await connection.write(head(`${method} ${target.replaceAll('UPLOAD', upload)}`, { ...given, ...fixed }))
        await connection.write(bytes)
        const answer = await connection.answer({ method })
        expect(answer?.status).toBeGreaterThanOrEqual(200)
        expect(answer?.status).toBeLessThan(500)
      },
    ),
    effort,
  )
})
