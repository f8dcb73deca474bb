import {
  BatchCheckLayerAvailabilityCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  InitiateLayerUploadCommand,
  TagResourceCommand,
  UnsupportedCommandException,
} from '@aws-sdk/client-ecr-public'
import { expect } from 'vitest'

import { expectRefusal } from '../support/expect-refusal.ts'
import { image } from '../support/images.ts'
import { errorCodes, errorMessages } from '../support/oci-client.ts'
import { asPulled, pullImage, pushImage, putManifest, startUpload } from '../support/push.ts'
import { testWithRegistry } from '../support/registry-test.ts'
import { startTestRegistry } from '../support/test-registry.ts'

const test = testWithRegistry().extend('readOnly', async ({ registry, imageName }, { onCleanup }) => {
  const pushed = image()
  await pushImage(registry.oci, imageName, pushed, 'v1')
  const upload = await startUpload(registry.oci, imageName)
  registry.app.setReadOnly(true)
  onCleanup(() => registry.app.setReadOnly(false))
  return { pushed, upload }
})

test('pulls and lists go on', async ({ registry, imageName, repositoryName, readOnly }) => {
  const { pushed } = readOnly
  expect(await pullImage(registry.anonymous, imageName, pushed, 'v1')).toEqual(asPulled(pushed))
  expect((await registry.oci.get(`/v2/${imageName}/tags/list`)).status).toBe(200)
  const { imageDetails } = await registry.ecr.send(new DescribeImagesCommand({ repositoryName }))
  expect(imageDetails).toHaveLength(1)
  const layerDigests = pushed.blobs.map(({ digest }) => digest)
  const { layers } = await registry.ecr.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests }))
  expect(layers).toHaveLength(2)
  expect((await registry.login()).password).toBeTruthy()
})

test('the registry endpoint refuses changes of every kind in words', async ({ registry, imageName, readOnly }) => {
  const { pushed, upload } = readOnly
  const { oci } = registry
  const answers = await Promise.all([
    oci.post(`/v2/${imageName}/blobs/uploads/`),
    oci.post('/v2/library/brand-new/blobs/uploads/'),
    oci.patch(upload, Buffer.from('abc')),
    oci.put(`${upload}?digest=${pushed.digest}`, Buffer.from('abc')),
    putManifest(oci, imageName, pushed, 'v2'),
    oci.delete(`/v2/${imageName}/manifests/v1`),
    oci.delete(`/v2/${imageName}/blobs/${pushed.blobs[0]!.digest}`),
  ])
  expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 405))
  for (const answer of answers) {
    expect(errorCodes(answer)).toEqual(['UNSUPPORTED'])
    expect(errorMessages(answer)).toEqual(['The registry is read-only for now: images can be pulled and not pushed'])
  }
})

test('the API refuses them, too', async ({ registry, repositoryName, readOnly: _readOnly }) => {
  const { ecr, accountId } = registry
  const message = 'The registry is read-only for now: it can be read and not changed.'
  const resourceArn = `arn:aws:ecr-public::${accountId}:repository/${repositoryName}`
  const commands = [
    ecr.send(new InitiateLayerUploadCommand({ repositoryName })),
    ecr.send(new CreateRepositoryCommand({ repositoryName: 'brand-new' })),
    ecr.send(new TagResourceCommand({ resourceArn, tags: [{ Key: 'a', Value: 'b' }] })),
  ]
  for (const sent of commands) await expectRefusal(sent, UnsupportedCommandException, message)
})

test('a token for a repository that is yet to be made is for pushing, so that the push is told why', async ({
  registry,
  readOnly: _readOnly,
}) => {
  const { password } = await registry.login()
  const basic = `Basic ${Buffer.from(`AWS:${password}`).toString('base64')}`
  const name = 'library/brand-new'
  const answer = await registry.anonymous.as(basic).get(`/token/?scope=repository:${name}:pull,push`)
  const { token } = JSON.parse(answer.bytes.toString()) as { token: string }
  expect((await registry.anonymous.as(`Bearer ${token}`).post(`/v2/${name}/blobs/uploads/`)).status).toBe(405)
})

test('what was refused is taken when it is over', async ({ registry, imageName, readOnly }) => {
  registry.app.setReadOnly(false)
  expect((await putManifest(registry.oci, imageName, readOnly.pushed, 'v2')).status).toBe(201)
})

test('a registry may be read-only from its start', async () => {
  await using registry = await startTestRegistry({ config: { isReadOnly: true } })
  expect((await registry.oci.post('/v2/library/app/blobs/uploads/')).status).toBe(405)
})
