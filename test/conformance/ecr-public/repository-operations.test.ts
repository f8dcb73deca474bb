import {
  BatchDeleteImageCommand,
  DeleteRepositoryCommand,
  DeleteRepositoryPolicyCommand,
  DescribeImageTagsCommand,
  type ECRPUBLICClient,
  GetRepositoryCatalogDataCommand,
  GetRepositoryPolicyCommand,
  InvalidParameterException,
  ListTagsForResourceCommand,
  PutRepositoryCatalogDataCommand,
  RepositoryNotFoundException,
  SetRepositoryPolicyCommand,
  TagResourceCommand,
  UntagResourceCommand,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { expectRefusal } from '../../support/expect-refusal.ts'
import { testWithRegistry } from '../../support/registry-test.ts'
import { addNewAccount, addUserWith, allow, policy } from '../../support/users.ts'

interface NamedRepository {
  readonly registryId: string
  readonly repositoryName: string
}

type Send = (ecr: ECRPUBLICClient, repository: NamedRepository) => Promise<unknown>

const arnOf = ({ registryId, repositoryName }: NamedRepository) =>
  `arn:aws:ecr-public::${registryId}:repository/${repositoryName}`

/** Of what a repository's policy is to be, nothing that would take something away. */
const harmless = policy({ Effect: 'Deny', Principal: { AWS: '000000000000' }, Action: 'ecr-public:UploadLayerPart' })

/** Operations on one repository, which name its registry by account id. */
const byRegistryId: readonly [operation: string, send: Send][] = [
  ['DescribeImageTags', (ecr, named) => ecr.send(new DescribeImageTagsCommand(named))],
  ['GetRepositoryPolicy', (ecr, named) => ecr.send(new GetRepositoryPolicyCommand(named))],
  [
    'SetRepositoryPolicy',
    (ecr, named) => ecr.send(new SetRepositoryPolicyCommand({ ...named, policyText: harmless, force: true })),
  ],
  ['DeleteRepositoryPolicy', (ecr, named) => ecr.send(new DeleteRepositoryPolicyCommand(named))],
  ['GetRepositoryCatalogData', (ecr, named) => ecr.send(new GetRepositoryCatalogDataCommand(named))],
  [
    'PutRepositoryCatalogData',
    (ecr, named) => ecr.send(new PutRepositoryCatalogDataCommand({ ...named, catalogData: {} })),
  ],
  ['DeleteRepository', (ecr, named) => ecr.send(new DeleteRepositoryCommand(named))],
]

/** One that takes an alias, too. */
const byAlias: readonly [operation: string, send: Send][] = [
  [
    'BatchDeleteImage',
    (ecr, named) => ecr.send(new BatchDeleteImageCommand({ ...named, imageIds: [{ imageTag: 'a' }] })),
  ],
]

/** Those that name it by its ARN. */
const byArn: readonly [operation: string, send: Send][] = [
  ['ListTagsForResource', (ecr, named) => ecr.send(new ListTagsForResourceCommand({ resourceArn: arnOf(named) }))],
  [
    'TagResource',
    (ecr, named) => ecr.send(new TagResourceCommand({ resourceArn: arnOf(named), tags: [{ Key: 'a', Value: 'b' }] })),
  ],
  ['UntagResource', (ecr, named) => ecr.send(new UntagResourceCommand({ resourceArn: arnOf(named), tagKeys: ['a'] }))],
]

const all = [...byRegistryId, ...byAlias, ...byArn]

const test = testWithRegistry().extend('neighbour', { scope: 'file' }, ({ registry }) => addNewAccount(registry))

describe('what a user of another account may do takes leave of both sides:', () => {
  test.for(all)('%s', async ([operation, send], { registry, repositoryName, neighbour }) => {
    const named = { registryId: registry.accountId, repositoryName }
    const action = `ecr-public:${operation}`
    const [permitted, stranger] = [
      await addUserWith(registry, [allow(action, { Resource: arnOf(named) })], neighbour.id),
      await addUserWith(registry, [], neighbour.id),
    ]
    const refusal = (arn: string, kind: string) => ({
      name: 'AccessDeniedException',
      message: `User: ${arn} is not authorized to perform: ${action} on resource: ${arnOf(named)} because no ${kind} policy allows the ${action} action`,
    })
    await expect(send(permitted.ecr, named)).rejects.toMatchObject(refusal(permitted.arn, 'resource-based'))
    const policyText = policy({ Effect: 'Allow', Principal: { AWS: neighbour.id }, Action: action })
    await registry.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
    await expect(send(stranger.ecr, named)).rejects.toMatchObject(refusal(stranger.arn, 'identity-based'))
    await send(permitted.ecr, named)
  })
})

describe('a user of the same account needs leave of one side:', () => {
  test.for(all)('%s', async ([operation, send], { registry, repositoryName }) => {
    const named = { registryId: registry.accountId, repositoryName }
    const action = `ecr-public:${operation}`
    const guest = await addUserWith(registry, [])
    await expect(send(guest.ecr, named)).rejects.toMatchObject({ name: 'AccessDeniedException' })
    const policyText = policy({ Effect: 'Allow', Principal: { AWS: guest.arn }, Action: action })
    await registry.ecr.send(new SetRepositoryPolicyCommand({ repositoryName, policyText }))
    await send(guest.ecr, named)
  })
})

describe('a repository that is not there is none in a registry that is not there either:', () => {
  test.for(all)('%s', async ([, send], { registry }) => {
    for (const registryId of [registry.accountId, '999999999999']) {
      await expectRefusal(
        send(registry.ecr, { registryId, repositoryName: 'no/such' }),
        RepositoryNotFoundException,
        `The repository with name 'no/such' does not exist in the registry with id '${registryId}'`,
      )
    }
  })
})

describe('an alias in the place of an account id', () => {
  test.for(byRegistryId)('is refused by %s', async ([, send], { registry, repositoryName }) => {
    await expectRefusal(
      send(registry.ecr, { registryId: registry.alias, repositoryName }),
      InvalidParameterException,
      "Invalid parameter at 'registryId' failed to satisfy constraint: 'Member must satisfy regular expression pattern: [0-9]{12}'",
    )
  })

  test.for(byAlias)('is taken by %s', async ([, send], { registry, repositoryName }) => {
    await send(registry.ecr, { registryId: registry.alias, repositoryName })
    for (const registryId of ['nobody', 'Not an alias']) {
      await expectRefusal(
        send(registry.ecr, { registryId, repositoryName }),
        RepositoryNotFoundException,
        `The repository with name '${repositoryName}' does not exist in the registry with id '${registryId}'`,
      )
    }
  })
})

describe('a name that cannot be is refused by', () => {
  test.for([...byRegistryId, ...byAlias])('%s', async ([, send], { registry }) => {
    const { message } = await expectRefusal(
      send(registry.ecr, { registryId: registry.accountId, repositoryName: 'No' }),
      InvalidParameterException,
    )
    expect(message).toMatch(/^Invalid parameter at 'repositoryName' failed to satisfy constraint: 'Member must /)
  })
})
