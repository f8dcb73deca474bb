import { test as base, describe, expect } from 'vitest'

import type { AccessKey } from '../../src/auth/access-keys.ts'
import { jsonOf } from '../support/answer.ts'
import { image } from '../support/images.ts'
import { errorCodes, OciClient } from '../support/oci-client.ts'
import { expectStatus, pushImage } from '../support/push.ts'
import { RegistryProcess } from '../support/real-process.ts'
import { sendSigned } from '../support/signed-request.ts'
import { until } from '../support/until.ts'
import { commandsMsMax, onFolder } from './waybill.ts'

const test = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('registry', { scope: 'file' }, async ({}, { onCleanup }) => {
    const registry = await RegistryProcess.start({ WAYBILL_LOG: 'error' })
    onCleanup(() => registry[Symbol.asyncDispose]())
    return registry
  })
  .extend('run', { scope: 'file' }, ({ registry }) => onFolder(registry.dataDirectory))

const call = (registry: RegistryProcess, key: AccessKey, operation: string, input: object = {}) =>
  sendSigned(registry.url, { key, operation, body: JSON.stringify(input) })

/** The registry endpoint, with the password of a login. */
async function loggedIn(registry: RegistryProcess, key: AccessKey): Promise<OciClient> {
  const answer = await call(registry, key, 'GetAuthorizationToken')
  expectStatus(200, answer)
  const { authorizationData } = jsonOf(answer) as { authorizationData: { authorizationToken: string } }
  return new OciClient(registry.url, `Basic ${authorizationData.authorizationToken}`)
}

describe('what the command line changes, a running server does', { timeout: commandsMsMax }, () => {
  test('a user pushes where its policy lets it, and only while its key is enabled', async ({ registry, run }) => {
    const { rootKey } = await run<{ rootKey: AccessKey }>(['account', 'create', '123456789012', '--alias', 'acme'])
    const repositoryNames = ['team/app', 'other']
    const created = repositoryNames.map((repositoryName) =>
      call(registry, rootKey, 'CreateRepository', { repositoryName }),
    )
    const [user] = await Promise.all([run<{ arn: string }>(['user', 'create', 'ci', '--account', 'acme']), ...created])
    expect(user.arn).toBe('arn:aws:iam::123456789012:user/ci')
    const push = {
      Effect: 'Allow',
      Action: 'ecr-public:*',
      Resource: 'arn:aws:ecr-public::123456789012:repository/team/*',
    }
    const [key] = await Promise.all([
      run<AccessKey>(['key', 'create', 'ci', '--account', 'acme']),
      run(['policy', 'put', 'ci', 'team', '-', '--account', 'acme'], JSON.stringify({ Statement: push })),
    ])

    // Without the managed policy, ci may not even log in.
    const refused = await call(registry, key, 'GetAuthorizationToken')
    expect(jsonOf(refused)).toMatchObject({ __type: 'AccessDeniedException' })
    await run(['policy', 'attach', 'ci', 'AmazonElasticContainerRegistryPublicReadOnly', '--account', 'acme'])
    const ci = await loggedIn(registry, key)
    await pushImage(ci, 'acme/team/app', image(), '1.0')
    const elsewhere = await ci.post('/v2/acme/other/blobs/uploads/')
    expect(elsewhere.status).toBe(403)
    expect(errorCodes(elsewhere)).toEqual(['DENIED'])

    await run(['key', 'disable', key.accessKeyId])
    expect((await ci.post('/v2/acme/team/app/blobs/uploads/')).status).toBe(401)
    expect((await ci.get('/token/')).status).toBe(401)
    const signed = await call(registry, key, 'DescribeRepositories')
    expect(jsonOf(signed)).toMatchObject({ __type: 'UnrecognizedClientException' })

    await run(['key', 'enable', key.accessKeyId])
    expect((await ci.post('/v2/acme/team/app/blobs/uploads/')).status).toBe(202)
    expect((await call(registry, key, 'DescribeRepositories')).status).toBe(200)

    await run(['user', 'delete', 'ci', '--account', 'acme'])
    expect((await ci.post('/v2/acme/team/app/blobs/uploads/')).status).toBe(401)
    expect(jsonOf(await call(registry, key, 'DescribeRepositories'))).toMatchObject({
      __type: 'UnrecognizedClientException',
    })
  })

  test('a new signing key takes over without a refusal, and a revocation ends what was signed before', async ({
    registry,
    run,
  }) => {
    const keyIdOf = ({ authorization }: OciClient) => {
      const token = Buffer.from(authorization!.slice('Basic '.length), 'base64').toString().slice('AWS:'.length)
      return (JSON.parse(Buffer.from(token.split('.')[0]!, 'base64url').toString()) as { kid: string }).kid
    }
    const logins = [await loggedIn(registry, registry.administrator)]
    const oldKeyId = keyIdOf(logins[0]!)
    const { signingKeyId } = await run<{ signingKeyId: string }>(['key', 'rotate-signing'])
    expect(signingKeyId).not.toBe(oldKeyId)
    await until('the server to sign with the new key', async () => {
      logins.push(await loggedIn(registry, registry.administrator))
      const answers = await Promise.all([logins[0]!, logins.at(-1)!].map((client) => client.get('/v2/')))
      expect(answers.map(({ status }) => status)).toEqual([200, 200])
      return keyIdOf(logins.at(-1)!) === signingKeyId
    })
    expect(new Set(logins.map(keyIdOf))).toEqual(new Set([oldKeyId, signingKeyId]))

    await run(['key', 'rotate-signing', '--revoke-old'])
    await until('logins from before to end', async () => (await logins.at(-1)!.get('/v2/')).status === 401)
    expect((await logins[0]!.get('/v2/')).status).toBe(401)
    expect((await (await loggedIn(registry, registry.administrator)).get('/v2/')).status).toBe(200)
  })
})
