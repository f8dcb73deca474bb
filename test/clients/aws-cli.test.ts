import { join } from 'node:path'
import { describe } from 'vitest'
import { type AwsCli, awsCli } from './aws-cli.ts'
import { everyOnPath } from './every-on-path.ts'
import { blobPath, contentOf, type Descriptor, pull, push, readImage } from './image-folder.ts'
import { partsOf } from './layer-parts.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'
import type { Workstation } from './workstation.ts'

const programs = await everyOnPath('aws', ['--version'])

/** Uploads one layer of an image's folder in parts. */
async function uploadLayer(
  aws: AwsCli,
  workstation: Workstation,
  { repository, folder, layer }: { repository: string[]; folder: string; layer: Descriptor },
): Promise<void> {
  const started = await aws<{ uploadId: string; partSize: number }>('initiate-layer-upload', ...repository)
  const upload = [...repository, '--upload-id', started.uploadId]
  for await (const { firstByte, lastByte, bytes } of partsOf(blobPath(folder, layer), started.partSize)) {
    const part = await workstation.write('part', bytes)
    const range = ['--part-first-byte', `${firstByte}`, '--part-last-byte', `${lastByte}`]
    await aws('upload-layer-part', ...upload, ...range, '--layer-part-blob', `fileb://${part}`)
  }
  await aws('complete-layer-upload', ...upload, '--layer-digests', layer.digest)
}

describe.for(programs)('AWS CLI: $version', ({ path, name }) => {
  scenario(
    'puts an image together from layer parts, and skopeo pulls the same bytes',
    async ({ registry, images, publisher, stranger, expect }) => {
      const aws = awsCli(publisher, registry, path)
      const image = await readImage(join(images, 'app'))
      const repository = ['--repository-name', `${name}/assembled`]
      expect(await aws('create-repository', ...repository)).toMatchObject({
        repository: {
          repositoryName: `${name}/assembled`,
          repositoryUri: expect.stringMatching(new RegExp(`/library/${name}/assembled$`)),
        },
      })
      const digests = [image.config, ...image.layers].map(({ digest }) => digest)
      const checkLayers = ['batch-check-layer-availability', ...repository, '--layer-digests', ...digests] as const
      const availability = (answer: string) => ({ layers: digests.map(() => ({ layerAvailability: answer })) })
      expect(await aws(...checkLayers)).toMatchObject(availability('UNAVAILABLE'))

      for (const layer of [image.config, ...image.layers]) {
        await uploadLayer(aws, publisher, { repository, folder: image.folder, layer })
      }
      expect(await aws(...checkLayers)).toMatchObject(availability('AVAILABLE'))
      const manifest = ['--image-manifest', `file://${join(image.folder, 'manifest.json')}`, '--image-tag', '1.0']
      const putImage = [
        'put-image',
        ...repository,
        ...manifest,
        '--image-manifest-media-type',
        image.mediaType,
      ] as const
      const imageId = { imageDigest: image.digest, imageTag: '1.0' }
      expect(await aws(...putImage)).toMatchObject({ image: { imageId } })

      const pulled = await pull(stranger, `${registry.host}/library/${name}/assembled:1.0`)
      expect(await contentOf(pulled)).toEqual(await contentOf(image.folder))
      await expect(aws(...putImage)).rejects.toThrow('ImageAlreadyExistsException')
      const imageDetails = [{ imageDigest: image.digest, imageTags: ['1.0'] }]
      expect(await aws('describe-images', ...repository)).toMatchObject({ imageDetails })
    },
  )

  scenario('deletes images and their repository', async ({ registry, images, publisher, stranger, expect }) => {
    const aws = awsCli(publisher, registry, path)
    const repository = ['--repository-name', `${name}/deleted`]
    const reference = `${registry.host}/library/${name}/deleted`
    await login(registry, publisher, ['skopeo'])
    for (const tag of ['1', '2']) await push(publisher, `${images}/app`, `${reference}:${tag}`)
    const { digest: imageDigest } = await readImage(join(images, 'app'))

    const untag = ['batch-delete-image', ...repository, '--image-ids', 'imageTag=1', 'imageTag=absent'] as const
    expect(await aws(...untag)).toMatchObject({
      imageIds: [{ imageDigest, imageTag: '1' }],
      failures: [{ imageId: { imageTag: 'absent' }, failureCode: 'ImageNotFound' }],
    })
    expect(await stranger.run('crane', ['ls', reference])).toBe('2')
    await expect(aws('delete-repository', ...repository)).rejects.toThrow('RepositoryNotEmptyException')
    const repositoryName = `${name}/deleted`
    expect(await aws('delete-repository', ...repository, '--force')).toMatchObject({ repository: { repositoryName } })
    const { repositories } = await aws<{ repositories: unknown[] }>('describe-repositories')
    expect(repositories).not.toContainEqual(expect.objectContaining({ repositoryName }))
    await expect(stranger.run('crane', ['ls', reference])).rejects.toThrow(/NAME_UNKNOWN/)
  })

  scenario('is told what is wrong in the words of ECR Public', async ({ registry, publisher, stranger, expect }) => {
    await expect(awsCli(publisher, registry, path)('describe-images', '--repository-name', 'absent')).rejects.toThrow(
      'An error occurred (RepositoryNotFoundException) when calling the DescribeImages operation: ' +
        "The repository with name 'absent' does not exist in the registry with id '000000000000'",
    )
    const describeRepositories = ['ecr-public', 'describe-repositories', '--endpoint-url', registry.url]
    const forged = stranger.run(path, describeRepositories, { env: { AWS_SECRET_ACCESS_KEY: 'wrong' } })
    await expect(forged).rejects.toThrow('InvalidSignatureException')
  })
})
