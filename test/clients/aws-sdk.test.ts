import { join } from 'node:path'
import {
  BatchCheckLayerAvailabilityCommand,
  CompleteLayerUploadCommand,
  CreateRepositoryCommand,
  DescribeImagesCommand,
  ECRPUBLICClient,
  ImageAlreadyExistsException,
  InitiateLayerUploadCommand,
  InvalidLayerPartException,
  LayerAvailability,
  LayersNotFoundException,
  PutImageCommand,
  UploadLayerPartCommand,
} from '@aws-sdk/client-ecr-public'
import { describe } from 'vitest'
import { blobPath, contentOf, type ImageFolder, pull, readImage } from './image-folder.ts'
import { partsOf } from './layer-parts.ts'
import { scenario as base } from './scenario.ts'

const scenario = base.extend('client', ({ registry }, { onCleanup }) => {
  const client = new ECRPUBLICClient({
    region: 'us-east-1',
    endpoint: registry.url,
    credentials: registry.administrator,
  })
  onCleanup(() => client.destroy())
  return client
})

async function uploadLayers(client: ECRPUBLICClient, repositoryName: string, image: ImageFolder): Promise<void> {
  for (const { digest } of [image.config, ...image.layers]) {
    const { uploadId, partSize = 0 } = await client.send(new InitiateLayerUploadCommand({ repositoryName }))
    for await (const { firstByte, lastByte, bytes } of partsOf(blobPath(image.folder, { digest }), partSize)) {
      const range = { partFirstByte: firstByte, partLastByte: lastByte }
      await client.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...range, layerPartBlob: bytes }))
    }
    await client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [digest] }))
  }
}

function putOf(repositoryName: string, image: ImageFolder, imageTag: string): PutImageCommand {
  const imageManifest = image.manifest.toString()
  return new PutImageCommand({ repositoryName, imageManifest, imageManifestMediaType: image.mediaType, imageTag })
}

describe('AWS SDK for JavaScript', () => {
  scenario(
    'puts an image together from layer parts, and skopeo pulls the same bytes',
    async ({ client, registry, images, stranger, expect }) => {
      const repositoryName = 'sdk/assembled'
      const image = await readImage(join(images, 'app'))
      await client.send(new CreateRepositoryCommand({ repositoryName }))
      await expect(client.send(putOf(repositoryName, image, '1.0'))).rejects.toThrow(LayersNotFoundException)
      await uploadLayers(client, repositoryName, image)

      const { image: put } = await client.send(putOf(repositoryName, image, '1.0'))

      expect(put).toMatchObject({ imageId: { imageDigest: image.digest, imageTag: '1.0' } })
      await expect(client.send(putOf(repositoryName, image, '1.0'))).rejects.toThrow(ImageAlreadyExistsException)
      const pulled = await pull(stranger, `${registry.host}/library/${repositoryName}:1.0`)
      expect(await contentOf(pulled)).toEqual(await contentOf(image.folder))

      const { imageDetails } = await client.send(new DescribeImagesCommand({ repositoryName }))
      expect(imageDetails).toMatchObject([{ imageDigest: image.digest, imageTags: ['1.0'] }])
      expect(imageDetails?.[0]?.imagePushedAt).toBeInstanceOf(Date)
    },
  )

  scenario(
    'moves a tag to an image whose layers are all there, which one call then does',
    async ({ client, registry, images, publisher, stranger, expect }) => {
      const repositoryName = 'sdk/moved'
      const [app, schema2] = await Promise.all(['app', 'schema2'].map((name) => readImage(join(images, name))))
      await client.send(new CreateRepositoryCommand({ repositoryName }))
      await uploadLayers(client, repositoryName, app!)
      for (const image of [app!, schema2!]) await client.send(putOf(repositoryName, image, 'latest'))

      const reference = `${registry.host}/library/${repositoryName}`

      expect((await readImage(await pull(stranger, `${reference}:latest`))).digest).toBe(schema2!.digest)
      expect((await readImage(await pull(publisher, `${reference}@${app!.digest}`))).digest).toBe(app!.digest)
    },
  )

  scenario('is told where to go on when a part does not follow the last one', async ({ client, images, expect }) => {
    const repositoryName = 'sdk/resumed'
    const image = await readImage(join(images, 'app'))
    const layer = image.layers[0]!
    await client.send(new CreateRepositoryCommand({ repositoryName }))
    const { uploadId, partSize = 0 } = await client.send(new InitiateLayerUploadCommand({ repositoryName }))
    const parts = await Array.fromAsync(partsOf(blobPath(image.folder, layer), partSize))
    const send = ({ firstByte, lastByte, bytes }: (typeof parts)[number]) => {
      const range = { partFirstByte: firstByte, partLastByte: lastByte }
      return client.send(new UploadLayerPartCommand({ repositoryName, uploadId, ...range, layerPartBlob: bytes }))
    }
    await send(parts[0]!)

    const refusal = await send(parts[2]!).catch((error: unknown) => error)

    expect(refusal).toBeInstanceOf(InvalidLayerPartException)
    expect(refusal).toMatchObject({ uploadId, repositoryName, lastValidByteReceived: parts[0]!.lastByte })
    for (const part of parts.slice(1)) await send(part)
    await client.send(new CompleteLayerUploadCommand({ repositoryName, uploadId, layerDigests: [layer.digest] }))
    const { layers } = await client.send(
      new BatchCheckLayerAvailabilityCommand({ repositoryName, layerDigests: [layer.digest] }),
    )
    expect(layers).toMatchObject([{ layerAvailability: LayerAvailability.AVAILABLE, layerSize: layer.size }])
  })
})
