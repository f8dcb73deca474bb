import { describe, expect } from 'vitest'

import { artifact, image, index, type Manifest, manifestOf, mediaTypes } from '../../support/images.ts'
import { pushBlob, pushImage, putManifest } from '../../support/push.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry()

const withdrawn = 'application/vnd.oci.artifact.manifest.v1+json'
const { ociManifest } = mediaTypes

describe('the author of a manifest is warned (OCI distribution-spec 1.1, "Warnings")', () => {
  test.for([
    [
      'that what it refers to is not kept, if its type is unknown',
      manifestOf('{"fsLayers":[]}', 'application/vnd.docker.distribution.manifest.v1+json'),
      'application/vnd.docker.distribution.manifest.v1+json is not understood here: what it refers to is not kept for its sake',
    ],
    [
      'that its type was withdrawn',
      manifestOf(JSON.stringify({ mediaType: withdrawn, artifactType: 'text/spdx' }), withdrawn),
      `${withdrawn} is not part of OCI 1.1: use ${ociManifest} with an artifactType`,
    ],
  ] as const)('%s', async ([, manifest, text], { registry, imageName }) => {
    const answer = await putManifest(registry.oci, imageName, manifest)
    expect([answer.status, answer.headers.get('warning')]).toEqual([201, `299 - "${text}"`])
  })

  test('that its Content-Type was left out', async ({ registry, imageName }) => {
    const pushed = image()
    await Promise.all(pushed.blobs.map((blob) => pushBlob(registry.oci, imageName, blob)))
    const answer = await registry.oci.put(`/v2/${imageName}/manifests/v1`, pushed.bytes)
    const text = `no Content-Type was sent: ${ociManifest} was taken from the manifest, which others may not do`
    expect([answer.status, answer.headers.get('warning')]).toEqual([201, `299 - "${text}"`])
  })

  test.for([
    ['an OCI image', () => image()],
    ['an OCI index', () => index([image()])],
    ['a Docker image', () => image({ format: 'docker' })],
    ['a Docker manifest list', () => index([image({ format: 'docker' })], { format: 'docker' })],
    ['an artifact', () => artifact()],
  ] as [string, () => Manifest][])('of nothing, for %s', async ([, build], { registry, imageName }) => {
    const pushed = build()
    await pushImage(registry.oci, imageName, pushed, 'v1')
    const answer = await putManifest(registry.oci, imageName, pushed, 'v2')
    expect([answer.status, answer.headers.get('warning')]).toEqual([201, null])
  })
})
