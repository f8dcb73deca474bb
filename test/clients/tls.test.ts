import { dirname, join } from 'node:path'
import { describe } from 'vitest'
import { awsCli } from './aws-cli.ts'
import { openCertificateAuthority } from './certificate-authority.ts'
import { DockerDaemon } from './docker-daemon.ts'
import { everyOnPath } from './every-on-path.ts'
import { contentOf, pull, push, readImage, readSoundImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario as base } from './scenario.ts'

const engines = await everyOnPath('dockerd', ['--version'])

const scenario = base
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .override('authority', { scope: 'file' }, async ({}, { onCleanup }) => {
    const authority = await openCertificateAuthority()
    onCleanup(() => authority[Symbol.asyncDispose]())
    return authority
  })
  /** Environment of a client that has no setting for whom to trust: Go reads it. */
  .extend('trusting', ({ authority }) => ({ env: { SSL_CERT_FILE: authority!.path } }))

describe('over HTTPS', () => {
  scenario(
    'skopeo pushes an index, which a stranger pulls and podman runs',
    async ({ registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/by-skopeo:1`
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/multi`, reference)

      expect(await contentOf(await pull(stranger, reference))).toEqual(await contentOf(`${images}/multi`))
      const python = ['python3', '-c', 'print(6 * 7)']
      expect(await stranger.run('podman', ['run', '--rm', reference, ...python])).toBe('42')
    },
  )

  scenario('podman pushes what skopeo then pulls', async ({ registry, images, publisher, stranger, expect }) => {
    const reference = `${registry.host}/library/by-podman:1`
    await login(registry, publisher, ['podman'])
    await publisher.run('skopeo', ['copy', `dir:${images}/zstd`, `containers-storage:${reference}`])
    await publisher.run('podman', ['push', '--quiet', reference])

    const image = await readSoundImage(await pull(stranger, reference))

    expect(image.layers).toHaveLength(4)
  })

  // Docker takes whatever certificate it is shown on the loopback.
  describe.for(engines)('$version', ({ path, name }) => {
    const withDocker = scenario
      .override('programs', () => [dirname(path), join(dirname(path), '../bin')])
      .extend('docker', async ({ publisher }, { onCleanup }) => {
        const daemon = await DockerDaemon.start(publisher)
        onCleanup(() => daemon[Symbol.asyncDispose]())
        return daemon
      })

    withDocker(
      'pulls, runs, and pushes to another repository',
      async ({ registry, images, publisher, docker, stranger, expect }) => {
        const [from, to] = ['from', 'to'].map((image) => `${registry.host}/library/${name}/${image}:1`)
        await login(registry, publisher, ['skopeo'])
        await login(registry, publisher, docker.command)
        await push(publisher, `${images}/app`, from!)
        await docker.run('pull', '--quiet', from!)
        await docker.run('tag', from!, to!)
        await docker.run('push', '--quiet', to!)

        const python = ['python3', '-c', 'print(6 * 7)']
        expect(await docker.run('run', '--rm', '--network=host', from!, ...python)).toBe('42')
        const [pulled, pushed] = [await readImage(`${images}/app`), await readSoundImage(await pull(stranger, to!))]
        expect(pushed.config.digest).toBe(pulled.config.digest)
      },
    )
  })

  scenario(
    'crane copies an index to another repository',
    async ({ registry, images, publisher, trusting, stranger, expect }) => {
      const [from, to] = ['from', 'to'].map((name) => `${registry.host}/library/crane/${name}:1`)
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, ['crane', 'auth'])
      await push(publisher, `${images}/multi`, from!)

      await publisher.run('crane', ['copy', from!, to!], trusting)

      expect(await contentOf(await pull(stranger, to!))).toEqual(await contentOf(`${images}/multi`))
    },
  )

  scenario('oras pushes an artifact and finds what is about it', async ({ registry, publisher, authority, expect }) => {
    const reference = `${registry.host}/library/by-oras:1`
    const caFile = ['--ca-file', authority!.path]
    await login(registry, publisher, ['oras'], caFile)
    await publisher.write('note.txt', 'a note\n')
    await publisher.run('oras', ['push', ...caFile, reference, 'note.txt'])
    const artifactType = 'application/vnd.example.signature'
    await publisher.run('oras', ['attach', ...caFile, '--artifact-type', artifactType, reference, 'note.txt'])

    const discovered = await publisher.run('oras', ['discover', ...caFile, '--format', 'json', reference])

    expect(JSON.parse(discovered)).toMatchObject({ referrers: [{ artifactType }] })
  })

  scenario('the AWS CLI describes what skopeo pushed', async ({ registry, images, publisher, expect }) => {
    await login(registry, publisher, ['skopeo'])
    await push(publisher, `${images}/app`, `${registry.host}/library/described:1`)
    const { digest: imageDigest } = await readImage(join(images, 'app'))

    const described = await awsCli(publisher, registry)('describe-images', '--repository-name', 'described')

    expect(described).toMatchObject({ imageDetails: [{ imageDigest, imageTags: ['1'] }] })
  })

  scenario('a client that does not know the authority refuses', async ({ registry, stranger, expect }) => {
    const unknownAuthority = /certificate signed by unknown authority/
    const reference = `${registry.host}/library/unknown:1`
    await expect(stranger.run('oras', ['resolve', reference])).rejects.toThrow(unknownAuthority)
    const inspect = ['inspect', '--cert-dir', stranger.path('tmp'), `docker://${reference}`]
    await expect(stranger.run('skopeo', inspect)).rejects.toThrow(unknownAuthority)
    const describeRepositories = ['ecr-public', 'describe-repositories', '--endpoint-url', registry.url]
    const env = { AWS_CA_BUNDLE: undefined, AWS_MAX_ATTEMPTS: '1' }
    const withoutBundle = stranger.run('aws', describeRepositories, { env })
    await expect(withoutBundle).rejects.toThrow(/SSL validation failed/)
  })
})
