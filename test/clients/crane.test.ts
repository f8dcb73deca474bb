import { join } from 'node:path'
import { describe } from 'vitest'
import { contentOf, pull, push, readImage, readSoundImage, toLayout } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'

describe('crane', () => {
  scenario.for(['app', 'zstd', 'multi'])(
    'pushes %s, and skopeo pulls the same bytes',
    async (image, { registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/crane/${image}:1`
      await login(registry, publisher, ['crane', 'auth'])
      const layout = await toLayout(publisher, join(images, image))

      const pushed = await publisher.run('crane', ['push', layout, reference])

      const { digest } = await readImage(join(images, image))
      expect(pushed).toBe(`${registry.host}/library/crane/${image}@${digest}`)
      expect(await contentOf(await pull(stranger, reference))).toEqual(await contentOf(join(images, image)))
    },
  )

  scenario(
    'copies an index to another repository, tags it there, and deletes it with its tags',
    async ({ registry, images, publisher, stranger, expect }) => {
      const [original, copy] = ['original', 'copy'].map((name) => `${registry.host}/library/craned/${name}`)
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, ['crane', 'auth'])
      await push(publisher, `${images}/multi`, `${original}:1`)
      await publisher.run('crane', ['copy', `${original}:1`, `${copy}:b`])
      await publisher.run('crane', ['tag', `${copy}:b`, 'a'])

      await stranger.run('crane', ['validate', '--fast', '--remote', `${copy}:a`])
      const { digest } = await readImage(join(images, 'multi'))
      expect(await stranger.run('crane', ['digest', `${copy}:a`])).toBe(digest)
      expect(await stranger.run('crane', ['ls', `${copy}`])).toBe('a\nb')
      expect(await contentOf(await pull(stranger, `${copy}:b`))).toEqual(await contentOf(join(images, 'multi')))

      await publisher.run('crane', ['delete', `${copy}@${digest}`])

      expect(await stranger.run('crane', ['ls', `${copy}`])).toBe('')
      await expect(stranger.run('crane', ['digest', `${copy}:a`])).rejects.toThrow(/MANIFEST_UNKNOWN|404/)
      expect(await stranger.run('crane', ['digest', `${original}:1`])).toBe(digest)
    },
  )

  scenario(
    'makes an image of one in the registry with a layer more, which podman runs',
    async ({ registry, images, publisher, stranger, expect }) => {
      const [base, made] = [`${registry.host}/library/appended/base:1`, `${registry.host}/library/appended/made:1`]
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, ['crane', 'auth'])
      await push(publisher, `${images}/app`, base)
      await publisher.write('layer/answer', '42')
      await publisher.run('tar', ['--create', '--file', 'layer.tar', '--directory', 'layer', 'answer'])
      await publisher.run('crane', ['append', '--base', base, '--new_layer', 'layer.tar', '--new_tag', made])
      const changed = await publisher.run('crane', ['mutate', '--entrypoint', 'cat', '--cmd', '/answer', made])

      expect(await stranger.run('podman', ['run', '--rm', made])).toBe('42')
      const image = await readSoundImage(await pull(stranger, made))
      expect(changed).toBe(`${made.replace(/:1$/, '')}@${image.digest}`)
      expect(image.layers).toHaveLength(5)
    },
  )
})
