import { DescribeImagesCommand, InitiateLayerUploadCommand } from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { errorCodes } from '../../test/support/oci-client.ts'
import { testWithRegistry } from '../../test/support/registry-test.ts'
import { allow, policy } from '../../test/support/users.ts'

let users = 0

const test = testWithRegistry()
  .extend('identities', ({ registry }) => registry.app.identities)
  /** The name of a new user who may log in, and nothing else. */
  .extend('user', async ({ identities }) => {
    const { name } = await identities.users.create(undefined, `user-${++users}`)
    const login = ['ecr-public:GetAuthorizationToken', 'sts:GetServiceBearerToken']
    await identities.policies.put(undefined, name, 'login', policy(allow(login)))
    return name
  })

const account = '000000000000'
const nothing = { kind: 'nothing' }

describe('explain', () => {
  test('says nothing allows what nothing allows, in AWS’s words', async ({
    identities,
    user,
    imageName,
    repositoryName,
  }) => {
    const resource = `arn:aws:ecr-public::${account}:repository/${repositoryName}`
    expect(await identities.explain({ principal: user, action: 'PutImage', resource: imageName })).toEqual({
      principal: `arn:aws:iam::${account}:user/${user}`,
      action: 'ecr-public:PutImage',
      resource,
      isAllowed: false,
      decidedBy: nothing,
      sentence: `User: arn:aws:iam::${account}:user/${user} is not authorized to perform: ecr-public:PutImage on resource: ${resource} because no identity-based policy allows the ecr-public:PutImage action`,
    })
  })

  test('names the statement of a user’s policy that decides', async ({ identities, user, imageName }) => {
    const statements = [allow('ecr-public:DescribeImages'), { Sid: 'Push', ...allow('ecr-public:PutImage') }]
    await identities.policies.put(undefined, user, 'mine', policy(...statements))
    const asked = { principal: user, action: 'ecr-public:putimage', resource: imageName }
    expect(await identities.explain(asked)).toMatchObject({
      isAllowed: true,
      decidedBy: { kind: 'identity', policyName: 'mine', statement: 1, sid: 'Push' },
      sentence: undefined,
    })
    await identities.policies.put(undefined, user, 'no', policy({ Effect: 'Deny', Action: '*', Resource: '*' }))
    expect(await identities.explain(asked)).toMatchObject({
      isAllowed: false,
      decidedBy: { kind: 'identity', policyName: 'no', statement: 0, sid: undefined },
      sentence: expect.stringMatching(/ with an explicit deny in an identity-based policy$/) as string,
    })
  })

  test('names the managed policy by its ARN', async ({ identities, user, imageName }) => {
    const { name: policyName } = await identities.policies.attach(
      undefined,
      user,
      'AmazonElasticContainerRegistryPublicPowerUser',
    )
    const explanation = await identities.explain({ principal: user, action: 'PutImage', resource: imageName })
    expect(explanation).toMatchObject({ decidedBy: { kind: 'identity', policyName } })
  })

  test('names the statement of a repository’s policy that decides', async ({ identities, user, imageName }) => {
    const Principal = { AWS: `arn:aws:iam::${account}:user/${user}` }
    const statement = { Sid: 'let in', Effect: 'Allow', Principal, Action: 'ecr-public:PutImage' }
    await identities.repositories.putPolicy(imageName, policy(statement))
    expect(await identities.explain({ principal: user, action: 'PutImage', resource: imageName })).toMatchObject({
      isAllowed: true,
      decidedBy: { kind: 'repository', statement: 0, sid: 'let in' },
    })
  })

  test('knows root by its ARN and by its name', async ({ identities, imageName }) => {
    for (const principal of [`arn:aws:iam::${account}:root`, 'admin']) {
      expect(await identities.explain({ principal, action: 'DeleteRepository', resource: imageName })).toMatchObject({
        principal: `arn:aws:iam::${account}:root`,
        decidedBy: { kind: 'root' },
      })
    }
  })

  test('knows a user by its ARN', async ({ identities, user }) => {
    const principal = `arn:aws:iam::${account}:user/${user}`
    const asked = { principal, action: 'sts:GetServiceBearerToken', resource: '*' }
    expect(await identities.explain(asked)).toMatchObject({ principal, isAllowed: true })
  })

  test('knows a repository that is yet to be created, and a registry, by their ARNs', async ({ identities, user }) => {
    const resource = `arn:aws:ecr-public::${account}:repository/yet/to-come`
    await identities.policies.put(undefined, user, 'mine', policy(allow('ecr-public:*', { Resource: resource })))
    const ask = (action: string, on: string) => identities.explain({ principal: user, action, resource: on })
    expect(await ask('CreateRepository', resource)).toMatchObject({ isAllowed: true })
    expect(await ask('CreateRepository', `${resource}-2`)).toMatchObject({ isAllowed: false })
    const registry = `arn:aws:ecr-public::${account}:registry/${account}`
    expect(await ask('DescribeRegistries', registry)).toMatchObject({ isAllowed: false, resource: registry })
  })

  test('asks conditions with the keys it is given', async ({ identities, user, imageName }) => {
    const Condition = {
      IpAddress: { 'aws:SourceIp': '192.0.2.0/24' },
      Bool: { 'aws:SecureTransport': 'true' },
      StringEquals: { 'ecr-public:ResourceTag/stage': 'dev' },
    }
    await identities.policies.put(undefined, user, 'mine', policy(allow('*', { Resource: '*', Condition })))
    const context = {
      'aws:sourceip': '192.0.2.7',
      'AWS:SecureTransport': 'true',
      'ecr-public:ResourceTag/stage': 'dev',
    }
    const ask = (keys: Record<string, string>) =>
      identities.explain({ principal: user, action: 'PutImage', resource: imageName, context: keys })
    expect(await ask(context)).toMatchObject({ isAllowed: true })
    expect(await ask({ ...context, 'aws:SourceIp': '198.51.100.1', 'aws:sourceip': '198.51.100.1' })).toMatchObject({
      isAllowed: false,
    })
    expect(await ask({})).toMatchObject({ isAllowed: false })
  })

  test.for([
    ['PrincipalUnknown', { principal: `arn:aws:iam::${account}:role/x` }],
    ['PrincipalUnknown', { principal: 'arn:aws:iam::x' }],
    ['UserUnknown', { principal: 'carol' }],
    ['UserUnknown', { principal: `arn:aws:iam::${account}:user/carol` }],
    ['AccountUnknown', { principal: 'arn:aws:iam::111111111111:root' }],
    ['AccountUnknown', { account: 'nobody' }],
    ['ActionUnknown', { action: 's3:GetObject' }],
    ['ActionUnknown', { action: 'PutImages' }],
    ['ActionUnknown', { action: 'ecr-public:*' }],
    ['ResourceUnknown', { resource: 'arn:aws:s3:::bucket' }],
    ['ResourceUnknown', { resource: `arn:aws:iam::${account}:root` }],
    ['RepositoryUnknown', { resource: 'library/absent' }],
    ['RepositoryUnknown', { resource: '' }],
  ] as const)('refuses with %s: %j', async ([code, wrong], { identities, user, imageName }) => {
    const asked = { principal: user, action: 'PutImage', resource: imageName, ...wrong }
    await expect(identities.explain(asked)).rejects.toMatchObject({ name: 'IdentityError', code })
  })
})

describe('what is explained is what happens:', () => {
  const readOnly = 'AmazonElasticContainerRegistryPublicReadOnly'
  const powerUser = 'AmazonElasticContainerRegistryPublicPowerUser'

  test.for<[what: string, isPrivate: boolean, managedPolicies: string[]]>([
    ['a public repository, a user with nothing', false, []],
    ['a private repository, a user with nothing', true, []],
    ['a public repository, a reader', false, [readOnly]],
    ['a private repository, a reader', true, [readOnly]],
    ['a private repository, a writer', true, [powerUser]],
  ])('%s', async ([, isPrivate, managed], { registry, identities, user, imageName, repositoryName }) => {
    await identities.repositories.change(imageName, { isPrivate })
    for (const name of managed) await identities.policies.attach(undefined, user, name)
    const key = await identities.keys.create(undefined, user)
    const ecr = registry.ecrAs(key)
    const oci = registry.anonymous.as(`Bearer ${(await registry.login(key)).password}`)
    // Who may read is told that there is no such image; who may not, that there is no such repository, or to log in.
    const canPull = async (client: typeof oci) =>
      errorCodes(await client.get(`/v2/${imageName}/manifests/absent`)).includes('MANIFEST_UNKNOWN')
    const isAllowed = (sent: Promise<unknown>) =>
      sent.then(
        () => true,
        (error: Error) => error.name !== 'AccessDeniedException',
      )

    const happened = {
      BatchGetImage: await canPull(oci),
      DescribeImages: await isAllowed(ecr.send(new DescribeImagesCommand({ repositoryName }))),
      InitiateLayerUpload: await isAllowed(ecr.send(new InitiateLayerUploadCommand({ repositoryName }))),
    }
    for (const [action, is] of Object.entries(happened)) {
      expect(await identities.explain({ principal: user, action, resource: imageName }), action).toMatchObject({
        isAllowed: is,
      })
    }
    const asAnybody = { principal: 'anonymous', action: 'BatchGetImage', resource: imageName }
    expect(await identities.explain(asAnybody)).toMatchObject({ isAllowed: await canPull(registry.anonymous) })
  })
})
