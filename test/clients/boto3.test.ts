import { join } from 'node:path'
import { describe } from 'vitest'
import { everyOnPath } from './every-on-path.ts'
import { contentOf, pull, readImage } from './image-folder.ts'
import { scenario } from './scenario.ts'

const pythons = await everyOnPath('python3', ['-c', 'import boto3; print(boto3.__version__)'])
const script = join(import.meta.dirname, 'push_image.py')

describe.for(pythons)('boto3 $version', ({ path, name }) => {
  scenario.for(['app', 'schema2'])(
    'puts the image %s together, and skopeo pulls the same bytes',
    async (imageName, { registry, images, publisher, stranger, expect }) => {
      const image = await readImage(join(images, imageName))
      const repository = `${name}/${imageName}`

      const digest = await publisher.run(path, [script, registry.url, repository, '1.0', image.folder])

      expect(digest).toBe(image.digest)
      const pulled = await pull(stranger, `${registry.host}/library/${repository}:1.0`)
      expect(await contentOf(pulled)).toEqual(await contentOf(image.folder))
    },
  )
})
