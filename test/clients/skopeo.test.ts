import { join } from 'node:path'
import { describe } from 'vitest'
import { contentOf, pull, push, readImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'

describe('skopeo', () => {
  scenario.for(['app', 'zstd', 'schema2', 'multi'])(
    'pushes %s, and a stranger pulls the same bytes',
    async (image, { registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/skopeo/${image}:1`
      await login(registry, publisher, ['skopeo'])
      await push(publisher, join(images, image), reference)

      const pulled = await pull(stranger, reference)

      expect(await contentOf(pulled)).toEqual(await contentOf(join(images, image)))
    },
  )

  scenario(
    'copies an image to another repository, and moves a tag',
    async ({ registry, images, publisher, stranger, expect }) => {
      const [original, copy] = ['original', 'copy'].map((name) => `${registry.host}/library/copied/${name}`)
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/app`, `${original}:1`)
      await publisher.run('skopeo', ['copy', `docker://${original}:1`, `docker://${copy}:latest`])
      await push(publisher, `${images}/schema2`, `${copy}:latest`)

      const app = await readImage(join(images, 'app'))
      const schema2 = await readImage(join(images, 'schema2'))
      expect(await contentOf(await pull(stranger, `${copy}@${app.digest}`))).toEqual(await contentOf(app.folder))
      expect(await contentOf(await pull(stranger, `${copy}:latest`))).toEqual(await contentOf(schema2.folder))
    },
  )

  scenario(
    'lists tags in order, and an image it deletes is gone with its tags',
    async ({ registry, images, publisher, stranger, expect }) => {
      const repository = `${registry.host}/library/tagged`
      const listTags = ['list-tags', `docker://${repository}`]
      const listedTags = async () => JSON.parse(await stranger.run('skopeo', listTags)).Tags
      await login(registry, publisher, ['skopeo'])
      for (const tag of ['b', 'a']) await push(publisher, `${images}/app`, `${repository}:${tag}`)
      await push(publisher, `${images}/schema2`, `${repository}:c`)
      expect(await listedTags()).toEqual(['a', 'b', 'c'])

      await publisher.run('skopeo', ['delete', `docker://${repository}:a`])

      expect(await listedTags()).toEqual(['c'])
      await expect(stranger.run('skopeo', ['inspect', `docker://${repository}:b`])).rejects.toThrow(/manifest unknown/i)
    },
  )

  scenario(
    'mirrors a repository to a folder, and from there to another, with all tags and architectures',
    async ({ registry, images, publisher, stranger, expect }) => {
      const [mirrored, mirror] = [`${registry.host}/library/mirrored`, `${registry.host}/library/mirror`]
      const sync = ['sync', '--all', '--preserve-digests'] as const
      await login(registry, publisher, ['skopeo'])
      for (const image of ['zstd', 'multi']) await push(publisher, join(images, image), `${mirrored}:${image}`)
      await stranger.run('skopeo', [...sync, '--src', 'docker', '--dest', 'dir', mirrored, stranger.path('synced')])
      await publisher.run('skopeo', [...sync, '--src', 'dir', '--dest', 'docker', stranger.path('synced'), mirror])

      for (const image of ['zstd', 'multi']) {
        const { digest } = await readImage(join(images, image))
        const reference = `${mirror}/mirrored:${image}`
        expect(await stranger.run('crane', ['digest', reference])).toBe(digest)
        expect(await contentOf(await pull(stranger, reference))).toEqual(await contentOf(join(images, image)))
      }
    },
  )

  scenario('is told to log in before it may push', async ({ registry, images, stranger, expect }) => {
    const refused = push(stranger, `${images}/app`, `${registry.host}/library/refused:1`)
    await expect(refused).rejects.toThrow(/unauthorized|authentication required|denied/i)
  })

  scenario('is refused a login with a wrong password', async ({ registry, stranger, expect }) => {
    const args = ['login', '--username', 'AWS', '--password-stdin', registry.host]
    await expect(stranger.run('skopeo', args, { input: 'wrong' })).rejects.toThrow(/invalid username\/password/)
  })
})
