import { InvalidParameterException, PutImageCommand } from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import {
  content,
  descriptor,
  image,
  type Manifest,
  manifestOf,
  mediaTypes,
  randomContent,
  sha256,
} from '../../support/images.ts'
import { errorCodes } from '../../support/oci-client.ts'
import { putImage, putManifest, uploadParts } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import type { TestRegistry } from '../../support/test-registry.ts'

const test = testWithRegistry()

const invalidJson = "Invalid parameter at 'ImageManifest' failed to satisfy constraint: 'Invalid JSON syntax'"

describe('the exact bytes of a document are kept', () => {
  const config = content('{}', mediaTypes.ociEmpty)
  const written = (write: (document: object) => string, members = {}) => image({ config, layers: [], members, write })
  test.for([
    ['indented', () => written((document) => JSON.stringify(document, null, 3))],
    ['with a line feed at its end', () => written((document) => `${JSON.stringify(document)}\n`)],
    [
      'with lines as Windows ends them',
      () => written((document) => JSON.stringify(document, null, 1).replaceAll('\n', '\r\n')),
    ],
    [
      'with odd white space',
      () => written((document) => `\n\t ${JSON.stringify(document).replaceAll('":', '" :\t ')} \r\n `),
    ],
    ['with text that is not ASCII', () => written(JSON.stringify, { annotations: { name: 'Füße 👣 \u2028 \u0301' } })],
    [
      'with escapes that need not be',
      () => written((document) => JSON.stringify(document).replace('"layers"', '"\\u006cayers"')),
    ],
    ['with a null character', () => written(JSON.stringify, { annotations: { name: 'a\u0000b' } })],
    ['with members nobody knows', () => written(JSON.stringify, { whatever: [{ deep: [1e300, -0, 0.1] }] })],
    [
      'with content inside a descriptor',
      () => written(JSON.stringify, { config: { ...descriptor(config), data: 'e30=' } }),
    ],
    ['with platform features', () => written(JSON.stringify, { platform: { features: ['sse4'] } })],
    [
      'with numbers as nobody writes them',
      () => written((document) => JSON.stringify(document).replace('"size":2', '"size":2.0e0')),
    ],
    ['with null for no layers, as Go writes it', () => written(JSON.stringify, { layers: null })],
  ] as const)('%s', async ([, build], { registry, repositoryName, imageName }) => {
    const pushed = build()
    await uploadParts(registry.ecr, repositoryName, pushed)
    const { image: put } = await putImage(registry.ecr, repositoryName, pushed, 'exact')
    expect(put).toMatchObject({ imageManifest: pushed.bytes.toString(), imageId: { imageDigest: pushed.digest } })
    const answer = await registry.anonymous.get(`/v2/${imageName}/manifests/exact`)
    expect(answer.bytes).toEqual(pushed.bytes)
    expect(answer.headers.get('docker-content-digest')).toBe(sha256(pushed.bytes))
    // Through the other door it is the same image.
    expect((await putManifest(registry.oci, imageName, pushed, 'exact')).headers.get('docker-content-digest')).toBe(
      pushed.digest,
    )
  })
})

describe('the media type', () => {
  const mute = () => image({ members: { mediaType: undefined } })
  test.for([
    ['of the document, where none is given', image, undefined, mediaTypes.ociManifest],
    ['that is given, where the document has none', mute, mediaTypes.ociManifest, mediaTypes.ociManifest],
    ['of both, where they agree', image, mediaTypes.ociManifest, mediaTypes.ociManifest],
    ['that is given, without its parameters', mute, `${mediaTypes.ociManifest}; version=0.2`, mediaTypes.ociManifest],
  ] as const)('is that %s', async ([, build, given, expected], { registry, repositoryName, imageName }) => {
    const pushed = build()
    await uploadParts(registry.ecr, repositoryName, pushed)
    const put = await putDocument(registry, repositoryName, pushed, {
      imageManifestMediaType: given,
      imageTag: 'typed',
    })
    expect(put.image?.imageManifestMediaType).toBe(expected)
    const answer = await registry.anonymous.head(`/v2/${imageName}/manifests/typed`)
    expect(answer.headers.get('content-type')).toBe(expected)
  })

  test('has to come from somewhere', async ({ registry, repositoryName }) => {
    const pushed = mute()
    await uploadParts(registry.ecr, repositoryName, pushed)
    const { message } = await expectRefusal(putDocument(registry, repositoryName, pushed), InvalidParameterException)
    expect(message.slice(0, invalidJson.length)).toBe(invalidJson)
  })

  test.for([mediaTypes.ociIndex, mediaTypes.dockerManifest, 'text/html', 'not a media type', ''])(
    'that is given must not contradict the document: %s',
    async (imageManifestMediaType, { registry, repositoryName }) => {
      const pushed = image()
      await uploadParts(registry.ecr, repositoryName, pushed)
      const sent = putDocument(registry, repositoryName, pushed, { imageManifestMediaType })
      const { message } = await expectRefusal(sent, InvalidParameterException)
      expect(message).toMatch(/^Invalid parameter at 'imageManifestMediaType' failed to satisfy constraint: '/)
    },
  )
})

describe('what is no manifest is refused, and nothing of it kept', () => {
  const { ociManifest, ociIndex } = mediaTypes
  const config = descriptor(randomContent(2, mediaTypes.ociConfig))
  const text = (document: unknown) => JSON.stringify(document)
  const proper = { schemaVersion: 2, mediaType: ociManifest, config, layers: [] }
  const with1 = (members: object) => text({ ...proper, ...members })
  test.for<[string, string, string?]>([
    ['no JSON', 'hello'],
    ['JSON that is cut off', with1({}).slice(0, -1)],
    ['JSON with something behind it', `${with1({})}}`],
    ['a byte order mark in front', `\ufeff${with1({})}`],
    ['a comment', `/* ours */ ${with1({})}`],
    ['a list', '[]'],
    ['a string', '"manifest"'],
    ['null', 'null'],
    ['an empty object', '{}'],
    ['a key twice', with1({}).replace('{', '{"mediaType":"application/x-other",')],
    ['a key twice, differently escaped', with1({}).replace('{', '{"layer\\u0073":[1],')],
    ['a key twice, deep inside', with1({ annotations: 0 }).replace('"annotations":0', '"annotations":{"a":1,"a":2}')],
    [
      'too deep a nesting of lists',
      with1({ deep: 0 }).replace('"deep":0', `"deep":${'['.repeat(10_000)}${']'.repeat(10_000)}`),
    ],
    [
      'too deep a nesting of objects',
      with1({ deep: 0 }).replace('"deep":0', `"deep":${'{"a":'.repeat(10_000)}0${'}'.repeat(10_000)}`),
    ],
    ['schema version 1', with1({ schemaVersion: 1 })],
    ['no schema version', with1({ schemaVersion: undefined })],
    ['no config', with1({ config: undefined })],
    ['a config that is null', with1({ config: null })],
    ['a config that is a list', with1({ config: [] })],
    ['no layers', with1({ layers: undefined })],
    ['layers that are an object', with1({ layers: { 0: config } })],
    ['a layer that is text', with1({ layers: [config.digest] })],
    ['a layer without a digest', with1({ layers: [{ ...config, digest: undefined }] })],
    ['a layer with half a digest', with1({ layers: [{ ...config, digest: 'sha256:abc' }] })],
    ['a layer with a path for a digest', with1({ layers: [{ ...config, digest: '../../../etc/passwd' }] })],
    ['a layer without a size', with1({ layers: [{ ...config, size: undefined }] })],
    ['a layer of a negative size', with1({ layers: [{ ...config, size: -1 }] })],
    ['a layer of half a byte', with1({ layers: [{ ...config, size: 0.5 }] })],
    ['a layer with its size in text', with1({ layers: [{ ...config, size: '2' }] })],
    ['a layer without a media type', with1({ layers: [{ ...config, mediaType: '' }] })],
    ['layers larger than can be counted', with1({ layers: [{ ...config, size: 2 ** 53 - 1 }, config] })],
    ['the members of an index as well', with1({ manifests: [] })],
    ['an index with layers', text({ schemaVersion: 2, manifests: [], layers: [] }), ociIndex],
    ['an index without manifests', text({ schemaVersion: 2, mediaType: ociIndex }), ociIndex],
    ['a subject that is no descriptor', with1({ subject: 'sha256:abc' })],
    ['a media type that is a number', with1({ mediaType: 2 })],
    ['an artifact type that is a list', with1({ artifactType: [] })],
  ])('%s', async ([, document, mediaType = ociManifest], { registry, repositoryName, imageName }) => {
    const pushed = manifestOf(document, mediaType)
    const { message } = await expectRefusal(
      putDocument(
        registry,
        repositoryName,
        { ...pushed, text: document },
        { imageManifestMediaType: mediaType, imageTag: 'bad' },
      ),
      InvalidParameterException,
    )
    expect(message.slice(0, invalidJson.length)).toBe(invalidJson)
    const sent = await putManifest(registry.oci, imageName, pushed, 'bad')
    expect([sent.status, errorCodes(sent)]).toEqual([400, ['MANIFEST_INVALID']])
    expect((await registry.anonymous.get(`/v2/${imageName}/manifests/bad`)).status).toBe(404)
  })
})

test('what is no Unicode text has no bytes to be a manifest of', async ({ registry, repositoryName, imageName }) => {
  const text = JSON.stringify({ schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [], note: 'HALF' })
  const half = { ...manifestOf(''), text: text.replace('HALF', '\ud800') }
  const { message } = await expectRefusal(putDocument(registry, repositoryName, half), InvalidParameterException)
  expect(message).toBe(invalidJson)
  const bytes = Buffer.from(text.replace('HALF', '\xff'), 'latin1')
  const sent = await putManifest(registry.oci, imageName, manifestOf(bytes, mediaTypes.ociIndex), 'bad')
  expect([sent.status, errorCodes(sent)]).toEqual([400, ['MANIFEST_INVALID']])
})

/** Puts a document with nothing said about it but what is asked for. */
function putDocument(
  { ecr }: TestRegistry,
  repositoryName: string,
  manifest: Manifest & { readonly text?: string },
  rest: { imageManifestMediaType?: string | undefined; imageTag?: string } = {},
) {
  const imageManifest = manifest.text ?? manifest.bytes.toString()
  return ecr.send(new PutImageCommand({ repositoryName, imageManifest, ...rest }))
}
