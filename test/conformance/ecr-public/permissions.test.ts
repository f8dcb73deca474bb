import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  DescribeRepositoriesCommand,
  type ECRPUBLICClient,
  InitiateLayerUploadCommand,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import { describe, expect } from 'vitest'

import { image, sha256 } from '../../support/images.ts'
import { testWithRegistry } from '../../support/registry-test.ts'

const test = testWithRegistry().extend('stranger', { scope: 'file' }, async ({ registry }) =>
  registry.ecrAs(await registry.addUser('stranger')),
)

const uploadId = '00000000-0000-4000-8000-000000000000'
const layerPart = { uploadId, partFirstByte: 0, partLastByte: 0, layerPartBlob: Buffer.from('a') }

/** Each with the repository it is about, and an input that would otherwise do. */
const operations: [action: string, send: (ecr: ECRPUBLICClient, repositoryName: string) => Promise<unknown>][] = [
  ['CreateRepository', (ecr) => ecr.send(new CreateRepositoryCommand({ repositoryName: 'brand/new' }))],
  ['DescribeRepositories', (ecr, name) => ecr.send(new DescribeRepositoriesCommand({ repositoryNames: [name] }))],
  [
    'BatchCheckLayerAvailability',
    (ecr, repositoryName) =>
      ecr.send(new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests: [sha256('a')] })),
  ],
  ['InitiateLayerUpload', (ecr, repositoryName) => ecr.send(new InitiateLayerUploadCommand({ repositoryName }))],
  ['UploadLayerPart', (ecr, repositoryName) => ecr.send(new UploadLayerPartCommand({ repositoryName, ...layerPart }))],
  [
    'CompleteLayerUpload',
    (ecr, repositoryName) =>
      ecr.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [sha256('a')] })),
  ],
  [
    'PutImage',
    (ecr, repositoryName) => ecr.send(new PutImageCommand({ repositoryName, imageManifest: image().bytes.toString() })),
  ],
  ['DescribeImages', (ecr, repositoryName) => ecr.send(new DescribeImagesCommand({ repositoryName }))],
]

describe('a user without permissions may not', () => {
  test.for(operations)('%s', async ([operation, send], { registry, stranger, repositoryName }) => {
    const named = operation === 'CreateRepository' ? 'brand/new' : repositoryName
    const user = `arn:aws:iam::${registry.accountId}:user/stranger`
    const repository = `arn:aws:ecr-public::${registry.accountId}:repository/${named}`
    const action = `ecr-public:${operation}`
    await expect(send(stranger, repositoryName)).rejects.toMatchObject({
      name: 'AccessDeniedException',
      message: `User: ${user} is not authorized to perform: ${action} on resource: ${repository} because no identity-based policy allows the ${action} action`,
      $metadata: { httpStatusCode: 400 },
    })
  })

  test('list all repositories', async ({ stranger }) => {
    await expect(stranger.send(new DescribeRepositoriesCommand())).rejects.toMatchObject({
      name: 'AccessDeniedException',
    })
  })
})
