import { describe, expect } from 'vitest'

import { type Answer, jsonOf } from '../support/answer.ts'
import { testWithRegistry } from '../support/registry-test.ts'

const test = testWithRegistry()

const uploadId = '00000000-0000-4000-8000-000000000000'
const part = { repositoryName: 'app', uploadId, partFirstByte: 0, partLastByte: 2, layerPartBlob: 'AAAA' }
const put = { repositoryName: 'app', imageManifest: '{}' }
const nested = (depth: number, open: string, close: string) =>
  `{"repositoryName":"app","x":${open.repeat(depth)}0${close.repeat(depth)}}`
const withMember = (input: object, member: string) => `${JSON.stringify(input).slice(0, -1)},${member}}`

const serialization = 'SerializationException'
const parameter = 'InvalidParameterException'

describe('a body that cannot be read', () => {
  test.for<[string, string | Uint8Array]>([
    ['is cut off', '{"repositoryName":"ap'],
    ['is cut off in an escape', '{"repositoryName":"ap\\u00'],
    ['has something behind it', '{"repositoryName":"app"}{}'],
    ['has a comma too many', '{"repositoryName":"app",}'],
    ['has a comment', '{/* mine */"repositoryName":"app"}'],
    ['has single quotes', "{'repositoryName':'app'}"],
    ['has bare keys', '{repositoryName:"app"}'],
    ['has NaN', '{"repositoryName":NaN}'],
    ['is white space', ' \n\t '],
    ['is text', 'hello'],
    ['is a form', 'repositoryName=app'],
    ['is XML', '<repositoryName>app</repositoryName>'],
    ['is null', 'null'],
    ['is a list', '["app"]'],
    ['is a string', '"app"'],
    ['is a number', '5'],
    ['begins with a byte order mark', '\ufeff{"repositoryName":"app"}'],
    ['has a null byte behind it', '{"repositoryName":"app"}\0'],
    ['has a line break in a string', '{"repositoryName":"a\np"}'],
    ['is UTF-16', Buffer.from('{"repositoryName":"app"}', 'utf16le')],
    ['is no UTF-8', Buffer.from('{"repositoryName":"app\xff"}', 'latin1')],
    ['has an overlong slash', Buffer.from('{"repositoryName":"a\xc0\xafp"}', 'latin1')],
    ['has half a character at its end', Buffer.from('{"repositoryName":"app"}\xe2\x82', 'latin1')],
    ['has a key twice', '{"repositoryName":"app","repositoryName":"other"}'],
    ['has a key twice, once escaped', '{"repositoryName":"app","repositoryNam\\u0065":"other"}'],
    ['has an unknown key twice', '{"repositoryName":"app","x":1,"x":2}'],
    ['is lists, too deep', nested(40, '[', ']')],
    ['is lists, far too deep', nested(100_000, '[', ']')],
    ['is objects, far too deep', nested(100_000, '{"a":', '}')],
    ['is lists without an end', '['.repeat(200_000)],
    ['is gzip', Buffer.from('1f8b0800000000000003', 'hex')],
  ])('%s', async ([, body], { registry }) => {
    await expectRefusal(registry.call('DescribeImages', body), serialization)
  })
})

describe('a member of the wrong type', () => {
  test.for<[string, string, object | string]>([
    ['a number for a text', 'CreateRepository', { repositoryName: 5 }],
    ['a list for a text', 'CreateRepository', { repositoryName: ['app'] }],
    ['an object for a text', 'CreateRepository', { repositoryName: { toString: 'app' } }],
    ['true for a text', 'CreateRepository', { repositoryName: true }],
    ['a text for a list', 'BatchCheckLayerAvailability', { repositoryName: 'app', layerDigests: 'sha256:a' }],
    [
      'an object for a list',
      'BatchCheckLayerAvailability',
      { repositoryName: 'app', layerDigests: { 0: 'x', length: 1 } },
    ],
    ['a number in a list of texts', 'BatchCheckLayerAvailability', { repositoryName: 'app', layerDigests: [5] }],
    ['a text in a list of objects', 'DescribeImages', { repositoryName: 'app', imageIds: ['latest'] }],
    ['a list in a list of objects', 'DescribeImages', { repositoryName: 'app', imageIds: [[]] }],
    ['a text for a number', 'DescribeImages', { repositoryName: 'app', maxResults: '5' }],
    ['a fraction for a whole number', 'DescribeImages', { repositoryName: 'app', maxResults: 1.5 }],
    [
      'a number beyond all',
      'UploadLayerPart',
      withMember({ ...part, partLastByte: undefined }, '"partLastByte":1e400'),
    ],
    [
      'a number too large to be exact',
      'UploadLayerPart',
      withMember({ ...part, partLastByte: undefined }, '"partLastByte":9007199254740993'),
    ],
    ['an object for the manifest', 'PutImage', { ...put, imageManifest: {} }],
    ['a list for the tag', 'PutImage', { ...put, imageTag: ['latest'] }],
    ['a number for bytes', 'UploadLayerPart', { ...part, layerPartBlob: 5 }],
    ['a list for bytes', 'UploadLayerPart', { ...part, layerPartBlob: [0, 0, 0] }],
  ])('%s', async ([, operation, body], { registry }) => {
    await expectRefusal(registry.call(operation, body), serialization)
  })
})

describe('bytes that are no base64', () => {
  test.for([
    'A',
    'AA',
    'AAA',
    'A===',
    'AAAA=',
    '====',
    'AA=A',
    'AAA\n',
    'AA AA===',
    'AA-_',
    '****',
    'ÄÄÄÄ',
    'AAAA\\u0000',
  ])('%s', async (layerPartBlob, { registry }) => {
    await expectRefusal(registry.call('UploadLayerPart', { ...part, layerPartBlob }), serialization)
  })
})

describe('a member that breaks its constraint', () => {
  const digest = `sha256:${'a'.repeat(64)}`
  test.for<[string, object, string]>([
    ['CreateRepository', {}, 'repositoryName'],
    ['CreateRepository', { repositoryName: null }, 'repositoryName'],
    ['CreateRepository', { repositoryName: '' }, 'repositoryName'],
    ['CreateRepository', { repositoryName: '../etc' }, 'repositoryName'],
    ['CreateRepository', { repositoryName: 'a\u0000b' }, 'repositoryName'],
    ['CreateRepository', JSON.parse('{"__proto__":{"repositoryName":"app"}}') as object, 'repositoryName'],
    ['DescribeRepositories', { repositoryNames: ['app', 'Not a name'] }, 'repositoryNames'],
    ['DescribeRepositories', { registryId: "0' OR '1'='1" }, 'registryId'],
    ['BatchCheckLayerAvailability', { repositoryName: 'app' }, 'layerDigests'],
    ['InitiateLayerUpload', { repositoryName: 'app', registryId: '' }, 'registryId'],
    ['UploadLayerPart', { ...part, uploadId: '' }, 'uploadId'],
    ['UploadLayerPart', { ...part, uploadId: `${uploadId}\n` }, 'uploadId'],
    ['CompleteLayerUpload', { repositoryName: 'app', uploadId, layerDigests: [] }, 'layerDigests'],
    ['CompleteLayerUpload', { repositoryName: 'app', uploadId, layerDigests: Array(101).fill(digest) }, 'layerDigests'],
    ['PutImage', { repositoryName: 'app', imageManifest: '' }, 'imageManifest'],
    ['PutImage', { ...put, imageTag: '' }, 'imageTag'],
    ['PutImage', { ...put, imageTag: 'a b' }, 'imageTag'],
    ['PutImage', { ...put, imageTag: '-a' }, 'imageTag'],
    ['PutImage', { ...put, imageTag: 'a'.repeat(129) }, 'imageTag'],
    ['PutImage', { ...put, imageTag: 'a'.repeat(301) }, 'imageTag'],
    ['PutImage', { ...put, imageTag: '../../x' }, 'imageTag'],
    ['PutImage', { ...put, imageDigest: 'sha256' }, 'imageDigest'],
    ['DescribeImages', { repositoryName: 'app', imageIds: [{ imageTag: 'a b' }] }, 'imageIds'],
  ])('%s with %o', async ([operation, input, path], { registry }) => {
    const message = await expectRefusal(registry.call(operation, input), parameter)
    expect(message).toContain(`'${path}'`)
  })
})

test('a request that announces more than any request may have is refused unread', async ({ registry }) => {
  const answer = await registry.call('UploadLayerPart', Buffer.alloc(31 * 1024 * 1024))
  expect(answer.status).toBe(413)
  expect(jsonOf(answer)).toMatchObject({ __type: 'RequestEntityTooLargeException' })
})

test('numbers may be written as R writes them', async ({ registry, repositoryName }) => {
  const answer = await registry.call('DescribeImages', `{"repositoryName":"${repositoryName}","maxResults":1e+02}`)
  expect([answer.status, jsonOf(answer)]).toEqual([200, { imageDetails: [] }])
})

test('null stands for a member that is not there', async ({ registry, repositoryName }) => {
  const answer = await registry.call('DescribeImages', { repositoryName, imageIds: null, nextToken: null, extra: null })
  expect([answer.status, jsonOf(answer)]).toEqual([200, { imageDetails: [] }])
})

/** Gives the message of the refusal. */
async function expectRefusal(sent: Promise<Answer>, type: string): Promise<string> {
  const answer = await sent
  expect(jsonOf(answer)).toMatchObject({ __type: type, message: expect.any(String) })
  expect(answer.status).toBe(400)
  expect(answer.headers.get('x-amzn-errortype')).toBe(type)
  return (jsonOf(answer) as { message: string }).message
}
