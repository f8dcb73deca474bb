import { describe } from 'vitest'
import { awsCli } from './aws-cli.ts'
import { DockerDaemon } from './docker-daemon.ts'
import { pull, push, readImage, readSoundImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario as base } from './scenario.ts'

const scenario = base.extend('docker', async ({ publisher }, { onCleanup }) => {
  const daemon = await DockerDaemon.start(publisher)
  onCleanup(() => daemon[Symbol.asyncDispose]())
  return daemon
})

describe('docker', () => {
  scenario(
    'pushes an image that podman pulls and runs',
    async ({ registry, images, publisher, docker, stranger, expect }) => {
      const reference = `${registry.host}/library/pushed/by-docker:1`
      await login(registry, publisher, docker.command)
      const archive = publisher.path('app.tar')
      await publisher.run('skopeo', ['copy', `dir:${images}/app`, `docker-archive:${archive}:${reference}`])
      await docker.run('load', '--quiet', '--input', archive)
      const pushed = await docker.run('push', reference)

      const answer = await stranger.run('podman', ['run', '--rm', reference, 'python3', '-c', 'print(6 * 7)'])

      expect(answer).toBe('42')
      const image = await readSoundImage(await pull(stranger, reference))
      expect(pushed).toContain(`digest: ${image.digest}`)
      expect(await docker.run('inspect', '--format', '{{.Id}}', reference)).toBe(image.config.digest)
    },
  )

  scenario.for(['app', 'schema2', 'multi'])(
    'pulls and runs the image %s, which skopeo pushed',
    async (name, { registry, images, publisher, docker, expect }) => {
      const reference = `${registry.host}/library/for-docker/${name}:1`
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/${name}`, reference)

      await docker.run('pull', '--quiet', reference)

      const python = ['python3', '-c', 'print(6 * 7)']
      expect(await docker.run('run', '--rm', '--network=host', reference, ...python)).toBe('42')
      const { digest } = await readImage(`${images}/${name}`)
      const digests = await docker.run('inspect', '--format', '{{.RepoDigests}}', reference)
      expect(digests).toBe(`[${registry.host}/library/for-docker/${name}@${digest}]`)
    },
  )

  scenario(
    'builds on an image in the registry, pushes, and gets it back after removing it',
    async ({ registry, images, publisher, docker, expect }) => {
      const [from, built] = [`${registry.host}/library/base:1`, `${registry.host}/library/built/with-docker:1`]
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/app`, from)
      await login(registry, publisher, docker.command)
      const file = `FROM ${from}\nRUN python3 -c 'open("/answer", "w").write(str(6 * 7))'\n`
      await publisher.write('context/Dockerfile', file)
      await docker.run('build', '--quiet', '--network', 'host', '--tag', built, publisher.path('context'))
      await docker.run('push', '--quiet', built)
      await docker.run('image', 'rm', '--force', built, from)

      await docker.run('pull', '--quiet', built)

      expect(await docker.run('run', '--rm', '--network=host', built, 'cat', '/answer')).toBe('42')
    },
  )

  scenario(
    'pushes an image that the API then describes, and gives a second tag',
    async ({ registry, images, publisher, docker, stranger, expect }) => {
      const repository = `${registry.host}/library/tagged-twice`
      const aws = awsCli(publisher, registry)
      const named = ['--repository-name', 'tagged-twice']
      await login(registry, publisher, docker.command)
      const archive = publisher.path('app.tar')
      await publisher.run('skopeo', ['copy', `dir:${images}/app`, `docker-archive:${archive}:${repository}:1`])
      await docker.run('load', '--quiet', '--input', archive)
      await docker.run('push', '--quiet', `${repository}:1`)
      const image = await readImage(await pull(stranger, `${repository}:1`))

      const { digest: imageDigest, mediaType: imageManifestMediaType, config } = image
      expect(await aws('describe-images', ...named)).toMatchObject({
        imageDetails: [{ imageDigest, imageTags: ['1'], imageManifestMediaType, artifactMediaType: config.mediaType }],
      })

      const manifest = await publisher.write('manifest.json', image.manifest)
      const type = ['--image-manifest-media-type', image.mediaType, '--image-digest', image.digest]
      await aws('put-image', ...named, '--image-manifest', `file://${manifest}`, ...type, '--image-tag', '2')

      await docker.run('pull', '--quiet', `${repository}:2`)
      expect(await docker.run('inspect', '--format', '{{.Id}}', `${repository}:2`)).toBe(image.config.digest)
      expect((await readImage(await pull(stranger, `${repository}:2`))).digest).toBe(image.digest)
    },
  )
})
