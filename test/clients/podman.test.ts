import { readFile } from 'node:fs/promises'
import { describe } from 'vitest'
import { pull, push, readSoundImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'

describe('podman', () => {
  scenario(
    'pushes an image that another podman pulls and runs',
    async ({ registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/pushed/by-podman:1`
      await login(registry, publisher, ['podman'])
      await publisher.run('skopeo', ['copy', `dir:${images}/app`, `containers-storage:${reference}`])
      const digestFile = publisher.path('digest')
      await publisher.run('podman', ['push', '--digestfile', digestFile, reference])

      const imageId = await stranger.run('podman', ['pull', '--quiet', reference])
      const answer = await stranger.run('podman', ['run', '--rm', reference, 'python3', '-c', 'print(6 * 7)'])

      expect(answer).toBe('42')
      const image = await readSoundImage(await pull(stranger, reference))
      expect(image.digest).toBe(await readFile(digestFile, 'utf8'))
      expect(image.config.digest).toBe(`sha256:${imageId}`)
    },
  )

  scenario(
    'takes the image of its own architecture from an index, and runs it',
    async ({ registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/many:1`
      await login(registry, publisher, ['podman'])
      await push(publisher, `${images}/multi`, reference)

      const answer = await stranger.run('podman', ['run', '--rm', reference, 'node', '--print', '6 * 7'])

      expect(answer).toBe('42')
    },
  )

  scenario(
    'builds from a Containerfile whose base is in the registry',
    async ({ registry, images, publisher, stranger, expect }) => {
      const [base, built] = [`${registry.host}/library/base:1`, `${registry.host}/library/built/with-podman:1`]
      await login(registry, publisher, ['podman'])
      await push(publisher, `${images}/app`, base)
      const file = `FROM ${base}\nRUN python3 -c 'open("/answer", "w").write(str(6 * 7))'\n`
      await publisher.write('context/Containerfile', file)
      await publisher.run('podman', ['build', '--tag', built, publisher.path('context')])
      await publisher.run('podman', ['push', built])

      const answer = await stranger.run('podman', ['run', '--rm', built, 'cat', '/answer'])

      expect(answer).toBe('42')
    },
  )
})
