import {
  DescribeImagesCommand,
  ECRPUBLICClient,
  GetRegistryCatalogDataCommand,
  InitiateLayerUploadCommand,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { ecrRates, type OperationName, ratedActions } from '../../src/http/rates.ts'
import { jsonOf } from '../support/answer.ts'
import { image } from '../support/images.ts'
import { errorMessages } from '../support/oci-client.ts'
import { pushImage, putImage } from '../support/push.ts'
import { testWithRegistry } from '../support/registry-test.ts'

const loopback = [{ address: '127.0.0.0', prefixBits: 8 }]
let now = Date.now()
const clock = () => now

/** One a second, and five at once. */
const test = testWithRegistry({
  clock,
  config: {
    trustedProxies: loopback,
    rates: new Map([
      ['DescribeImages', 1],
      ['anonymous-pull', 1],
      ['authenticated-pull', 1],
    ]),
  },
})

const throttled = { name: 'ThrottlingException', message: 'Rate exceeded', $metadata: { httpStatusCode: 400 } }

/** Long enough for every bucket to be full again. */
function rest(): void {
  now += 10_000
}

describe('the API', () => {
  const describeImages = (ecr: ECRPUBLICClient, repositoryName: string) =>
    ecr.send(new DescribeImagesCommand({ repositoryName }))

  test('refuses an account what it asks for too often, until it has waited', async ({ registry, repositoryName }) => {
    rest()
    for (let i = 0; i < 5; i++) await describeImages(registry.ecr, repositoryName)
    await expect(describeImages(registry.ecr, repositoryName)).rejects.toMatchObject(throttled)
    await registry.ecr.send(new GetRegistryCatalogDataCommand())
    now += 1000
    await describeImages(registry.ecr, repositoryName)
    await expect(describeImages(registry.ecr, repositoryName)).rejects.toMatchObject(throttled)
  })

  test('counts the users of an account together, and other accounts apart', async ({ registry, repositoryName }) => {
    rest()
    const { keys, users, accounts } = registry.app.identities
    await users.create(registry.accountId, 'colleague')
    const colleague = registry.ecrAs(await keys.create(registry.accountId, 'colleague'))
    const { rootKey } = await accounts.create({ alias: 'elsewhere' })
    for (let i = 0; i < 5; i++) await describeImages(registry.ecr, repositoryName)
    await expect(describeImages(colleague, repositoryName)).rejects.toMatchObject(throttled)
    await expect(describeImages(registry.ecrAs(rootKey), repositoryName)).rejects.toMatchObject({
      name: 'RepositoryNotFoundException',
    })
  })

  test('does not count what another signed', async ({ registry, repositoryName }) => {
    rest()
    const forger = registry.ecrAs({ ...registry.adminKey, secretAccessKey: 'guessed' })
    for (let i = 0; i < 10; i++) {
      await expect(describeImages(forger, repositoryName)).rejects.toMatchObject({ name: 'InvalidSignatureException' })
    }
    await describeImages(registry.ecr, repositoryName)
  })
})

describe('pulls', () => {
  test('without a user are limited for each address', async ({ registry, imageName }) => {
    rest()
    await pushImage(registry.oci, imageName, image(), 'latest')
    const pullFrom = (address: string) =>
      registry.anonymous.get(`/v2/${imageName}/manifests/latest`, { 'x-forwarded-for': address })
    for (let i = 0; i < 5; i++) expect((await pullFrom('192.0.2.1')).status).toBe(200)
    const refused = await pullFrom('192.0.2.1')
    expect([refused.status, refused.headers.get('retry-after'), jsonOf(refused)]).toEqual([
      429,
      '1',
      { errors: [{ code: 'TOOMANYREQUESTS', message: 'Rate exceeded' }] },
    ])
    expect((await pullFrom('192.0.2.2')).status).toBe(200)
    now += 1000
    expect((await pullFrom('192.0.2.1')).status).toBe(200)
  })

  test('from one IPv6 network are limited together', async ({ registry, imageName }) => {
    rest()
    await pushImage(registry.oci, imageName, image(), 'latest')
    const statusFor = async (address: string) =>
      (await registry.anonymous.get(`/v2/${imageName}/manifests/latest`, { 'x-forwarded-for': address })).status
    const subscriber = [
      '2001:db8:0:1::1',
      '2001:db8:0:1:2:3:4:5',
      '2001:db8::1:6:7:8:9',
      '2001:db8:0:1::',
      '2001:db8:0:1::a',
    ]
    for (const address of subscriber) expect(await statusFor(address)).toBe(200)
    expect(await statusFor('2001:db8:0:1:ffff::')).toBe(429)
    expect(await statusFor('2001:db8:0:2::1')).toBe(200)
  })

  test('by a user are limited for the account, whatever the address', async ({ registry, imageName }) => {
    rest()
    await pushImage(registry.oci, imageName, image(), 'latest')
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) {
      const answer = await registry.oci.get(`/v2/${imageName}/manifests/latest`, { 'x-forwarded-for': `192.0.2.${i}` })
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
    expect((await registry.anonymous.get(`/v2/${imageName}/manifests/latest`)).status).toBe(200)
  })

  test('are counted by manifests got, not by what else is asked for', async ({ registry, imageName }) => {
    rest()
    const pushed = image()
    await pushImage(registry.oci, imageName, pushed, 'latest')
    const { oci } = registry
    for (let i = 0; i < 6; i++) {
      expect((await oci.head(`/v2/${imageName}/manifests/latest`)).status).toBe(200)
      expect((await oci.get(`/v2/${imageName}/blobs/${pushed.blobs[0]!.digest}`)).status).toBe(200)
      expect((await oci.get(`/v2/${imageName}/tags/list`)).status).toBe(200)
    }
    expect((await oci.get(`/v2/${imageName}/manifests/latest`)).status).toBe(200)
  })
})

/** Everything once in five seconds. */
const strictTest = testWithRegistry({ clock, config: { rates: new Map(ratedActions.map((action) => [action, 0.2])) } })

describe('a push counts as the operation that it stands for', () => {
  const digest = `sha256:${'0'.repeat(64)}`
  const upload = '00000000-0000-4000-8000-000000000000'

  strictTest.for<[string, string, OperationName]>([
    ['HEAD', `blobs/${digest}`, 'BatchCheckLayerAvailability'],
    ['POST', 'blobs/uploads/', 'InitiateLayerUpload'],
    ['PATCH', `blobs/uploads/${upload}`, 'UploadLayerPart'],
    ['PUT', `blobs/uploads/${upload}?digest=${digest}`, 'CompleteLayerUpload'],
    ['PUT', 'manifests/latest', 'PutImage'],
    ['DELETE', `manifests/${digest}`, 'BatchDeleteImage'],
    ['DELETE', `blobs/${digest}`, 'BatchDeleteImage'],
  ])('%s %s: %s', async ([method, path, operation], { registry, imageName }) => {
    rest()
    const first = await registry.oci.ask(method, `/v2/${imageName}/${path}`)
    expect(first.status).not.toBe(429)
    const second = await registry.oci.ask(method, `/v2/${imageName}/${path}`)
    expect([second.status, second.headers.get('retry-after')]).toEqual([429, '5'])
    expect(jsonOf(await registry.call(operation, {}))).toEqual({
      __type: 'ThrottlingException',
      message: 'Rate exceeded',
    })
  })

  strictTest('and the other way round', async ({ registry, repositoryName, imageName }) => {
    rest()
    await expect(putImage(registry.ecr, repositoryName, image())).rejects.toMatchObject({
      name: 'LayersNotFoundException',
    })
    const refused = await registry.oci.put(`/v2/${imageName}/manifests/latest`, '{}')
    expect([refused.status, errorMessages(refused)]).toEqual([429, ['Rate exceeded']])
  })
})

strictTest('the AWS SDK tries again by itself, and succeeds', async ({ registry, repositoryName }) => {
  rest()
  const credentials = registry.adminKey
  const ecr = new ECRPUBLICClient({ region: 'us-east-1', endpoint: registry.url, credentials })
  let sent = 0
  ecr.middlewareStack.add(
    (next) => (args) => {
      sent += 1
      // The time that the SDK lets pass before it tries again.
      if (sent > 3) now += 5000
      return next(args)
    },
    { step: 'finalizeRequest', priority: 'low' },
  )
  try {
    const initiate = () => ecr.send(new InitiateLayerUploadCommand({ repositoryName }))
    const answers = await Promise.all([initiate(), initiate(), initiate()])
    expect(answers.map(({ $metadata }) => $metadata.attempts).toSorted()).toEqual([1, 2, 2])
  } finally {
    ecr.destroy()
  }
})

testWithRegistry()('nothing is limited unless somebody wants it', async ({ registry, imageName }) => {
  await pushImage(registry.oci, imageName, image(), 'latest')
  const burst = Array.from({ length: 20 }, () => registry.anonymous.get(`/v2/${imageName}/manifests/latest`))
  expect(new Set((await Promise.all(burst)).map(({ status }) => status))).toEqual(new Set([200]))
})

testWithRegistry({ clock, config: { rates: ecrRates } })(
  'the quotas of ECR Public let five manifests be pulled at once',
  async ({ registry, imageName }) => {
    await pushImage(registry.oci, imageName, image(), 'latest')
    const statuses: number[] = []
    for (let i = 0; i < 6; i++) {
      statuses.push((await registry.anonymous.get(`/v2/${imageName}/manifests/latest`)).status)
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429])
  },
)
