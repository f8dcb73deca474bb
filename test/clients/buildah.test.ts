import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { contentOf, pull, push, readSoundImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'

describe('buildah', () => {
  scenario(
    'builds on an image it pulls, and what it pushes arrives whole',
    async ({ registry, images, publisher, stranger, expect }) => {
      const [base, built] = [`${registry.host}/library/base:1`, `${registry.host}/library/built/with-buildah:1`]
      await login(registry, publisher, ['buildah'])
      await push(publisher, `${images}/app`, base)
      const container = await publisher.run('buildah', ['from', base])
      const write = 'open("/answer", "w").write(str(6 * 7))'
      await publisher.run('buildah', ['run', container, '--', 'python3', '-c', write])
      await publisher.run('buildah', ['commit', container, built])
      const digestFile = publisher.path('digest')
      await publisher.run('buildah', ['push', '--digestfile', digestFile, built])

      const image = await readSoundImage(await pull(stranger, built))

      expect(image.digest).toBe(await readFile(digestFile, 'utf8'))
      expect(image.layers).toHaveLength(5)
    },
  )

  scenario(
    'assembles an index of two architectures and pushes it with its images',
    async ({ registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/assembled:1`
      const source = join(images, 'multi')
      await login(registry, publisher, ['buildah'])
      await publisher.run('buildah', ['manifest', 'create', 'assembled'])
      await publisher.run('buildah', ['manifest', 'add', '--all', 'assembled', `dir:${source}`])
      const push = ['manifest', 'push', '--all', '--format', 'oci', 'assembled', `docker://${reference}`]
      await publisher.run('buildah', push)

      const pulled = await pull(stranger, reference)

      // The index is buildah's own; everything below it is as it was.
      const { 'manifest.json': index, ...children } = await contentOf(pulled)
      const { 'manifest.json': _, ...sourceChildren } = await contentOf(source)
      expect(children).toEqual(sourceChildren)
      const raw = await stranger.run('skopeo', ['inspect', '--raw', `docker://${reference}`])
      expect(JSON.parse(raw).manifests).toHaveLength(2)
      expect(index).toBeDefined()
    },
  )
})
