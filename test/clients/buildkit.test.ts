import { copyFile, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, inject } from 'vitest'
import { DockerDaemon } from './docker-daemon.ts'
import { contentOf, pull, push, readImage, toArchive } from './image-folder.ts'
import { login } from './login.ts'
import { openNetworkBridge } from './network-bridge.ts'
import { scenario as base } from './scenario.ts'
import { newerPrograms } from './search-path.ts'
import type { Workstation } from './workstation.ts'

/** Both machines have the newer Docker Engine, with BuildKit in it; that of the stranger runs only where it is asked for. */
const scenario = base
  .override('programs', newerPrograms)
  // A scanner for bills of materials, unlike other build steps, cannot be told to do without a network of its own.
  // biome-ignore lint/correctness/noEmptyPattern: vitest finds the fixtures that are needed in this pattern
  .extend('bridge', async ({}, { onCleanup }) => {
    const bridge = await openNetworkBridge()
    onCleanup(() => bridge[Symbol.asyncDispose]())
    return bridge
  })
  .extend('docker', async ({ publisher, bridge }, { onCleanup }) => {
    const daemon = await startDocker(publisher, bridge.name)
    onCleanup(() => daemon[Symbol.asyncDispose]())
    return daemon
  })
  .extend('otherDocker', async ({ stranger }, { onCleanup }) => {
    const daemon = await startDocker(stranger)
    onCleanup(() => daemon[Symbol.asyncDispose]())
    return daemon
  })

async function startDocker(workstation: Workstation, bridge = 'none'): Promise<DockerDaemon> {
  const plugins = join(inject('newerClients'), 'usr/libexec/docker/cli-plugins')
  await workstation.write('home/.docker/config.json', JSON.stringify({ cliPluginsExtraDirs: [plugins] }))
  // Images kept as they came, rather than taken apart: attestations and caches need that.
  return DockerDaemon.start(workstation, { bridge, options: ['--feature', 'containerd-snapshotter=true'] })
}

const architectures = ['amd64', 'arm64']
const platforms = architectures.map((architecture) => `linux/${architecture}`).join()
const zstdLayer = 'application/vnd.oci.image.layer.v1.tar+zstd'
const architectureHere = process.arch === 'x64' ? 'amd64' : 'arm64'

describe('Docker Engine with BuildKit', () => {
  scenario.for(['zstd', 'multi'])(
    'pushes the image %s as it was loaded, twice, and skopeo pulls the same bytes',
    async (image, { registry, images, publisher, docker, stranger, expect }) => {
      const [first, second] = ['first', 'second'].map((name) => `${registry.host}/library/loaded/${name}:${image}`)
      await login(registry, publisher, docker.command)
      await docker.run('load', '--quiet', '--input', await toArchive(publisher, join(images, image), first!))
      await docker.run('push', '--quiet', first!)
      await docker.run('tag', first!, second!)
      await docker.run('push', '--quiet', second!)

      for (const reference of [first!, second!]) {
        expect(await contentOf(await pull(stranger, reference))).toEqual(await contentOf(join(images, image)))
      }
    },
  )

  scenario(
    'builds for two platforms, with attestations of where that comes from and what is in it, compressed with Zstandard',
    async ({ registry, images, publisher, docker, stranger, expect }) => {
      const [base, app] = ['base', 'app'].map((name) => `${registry.host}/library/attested/${name}:1`)
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, docker.command)
      await push(publisher, `${images}/multi`, base!)
      const scanner = await pushScanner(publisher, docker, base!)
      await publisher.write('context/Dockerfile', `FROM ${base}\nARG TARGETARCH\nCOPY $TARGETARCH /etc/built-for\n`)
      for (const architecture of architectures) await publisher.write(`context/${architecture}`, architecture)

      const attest = ['--attest', 'type=provenance,mode=max', '--attest', `type=sbom,generator=${scanner}`]
      const output = ['--output', `type=image,name=${app},push=true,compression=zstd,oci-mediatypes=true`]
      const metadata = ['--metadata-file', publisher.path('metadata.json')]
      const build = ['buildx', 'build', '--platform', platforms, ...attest, ...output, ...metadata] as const
      await docker.run(...build, publisher.path('context'))

      const pulled = await pull(stranger, app!)
      const { digest } = await readImage(pulled)
      const builtHere = JSON.parse(await readFile(publisher.path('metadata.json'), 'utf8'))
      expect(builtHere).toMatchObject({ 'containerimage.digest': digest })
      const types = [expect.stringContaining('slsa.dev/provenance'), 'https://spdx.dev/Document']
      expect(await attestationsIn(pulled)).toEqual(architectures.map(() => types))
      for (const platform of platforms.split(',')) {
        const manifest = await stranger.run('crane', ['manifest', '--platform', platform, app!])
        expect(JSON.parse(manifest).layers.at(-1).mediaType).toBe(zstdLayer)
      }
      expect(await stranger.run('podman', ['run', '--rm', app!, 'cat', '/etc/built-for'])).toBe(architectureHere)
      const inspect = ['buildx', 'imagetools', 'inspect', app!, '--format', '{{ json .SBOM }}']
      const contents = JSON.parse(await docker.run(...inspect))
      expect(Object.keys(contents).toSorted()).toEqual(platforms.split(','))
      const { packages } = contents[`linux/${architectureHere}`].SPDX
      expect(packages).toContainEqual(expect.objectContaining({ name: 'python3' }))
    },
  )

  scenario.for([
    { kept: 'an image', isImage: true, mediaType: 'application/vnd.oci.image.manifest.v1+json' },
    { kept: 'an index of layers', isImage: false, mediaType: 'application/vnd.oci.image.index.v1+json' },
  ])(
    'keeps its cache as $kept, from which another machine builds without running anything',
    async ({ isImage, mediaType }, { registry, images, publisher, docker, stranger, otherDocker, expect }) => {
      const [from, cache] = ['base', 'cache'].map((name) => `${registry.host}/library/cached/${name}:${isImage}`)
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, docker.command)
      await push(publisher, `${images}/app`, from!)
      const stamp = 'RUN ["cp", "/proc/sys/kernel/random/uuid", "/stamp"]'
      const file = `FROM ${from} AS stamped\n${stamp}\nFROM scratch\nCOPY --from=stamped /stamp /\n`
      for (const machine of [publisher, stranger]) await machine.write('context/Dockerfile', file)
      const buildOn = async (machine: Workstation, engine: DockerDaemon, ...flags: string[]) => {
        const output = ['--output', `type=local,dest=${machine.path('built')}`]
        await engine.run('buildx', 'build', ...flags, ...output, machine.path('context'))
        return readFile(machine.path('built/stamp'), 'utf8')
      }
      const cacheTo = `type=registry,ref=${cache},mode=max,image-manifest=${isImage},compression=zstd`

      const stamped = await buildOn(publisher, docker, '--cache-to', cacheTo)
      const again = await buildOn(stranger, otherDocker, '--cache-from', `type=registry,ref=${cache}`)

      expect(again).toBe(stamped)
      const manifest = JSON.parse(await stranger.run('crane', ['manifest', cache!]))
      expect(manifest.mediaType).toBe(mediaType)
      const mediaTypes = (manifest.layers ?? manifest.manifests).map((entry: { mediaType: string }) => entry.mediaType)
      expect(mediaTypes).toContain(zstdLayer)
    },
  )
})

/** Makes an image of list_packages.py on `base`, which has Python, and gives its reference. */
async function pushScanner(workstation: Workstation, docker: DockerDaemon, base: string): Promise<string> {
  const reference = base.replace(/:[^:/]*$/, ':scanner')
  const program = 'list_packages.py'
  await workstation.write(
    'scanner/Dockerfile',
    `FROM ${base}\nCOPY ${program} /\nENTRYPOINT ["python3", "/${program}"]\n`,
  )
  await copyFile(join(import.meta.dirname, program), workstation.path('scanner', program))
  await docker.run('buildx', 'build', '--push', '--tag', reference, workstation.path('scanner'))
  return reference
}

/** Of each attestation in an image's folder, the types of what it states. */
async function attestationsIn(folder: string): Promise<string[][]> {
  const { manifests } = JSON.parse(await readFile(join(folder, 'manifest.json'), 'utf8'))
  const types: string[][] = []
  for (const { digest, annotations } of manifests) {
    if (annotations?.['vnd.docker.reference.type'] !== 'attestation-manifest') continue
    const name = `${digest.replace('sha256:', '')}.manifest.json`
    const { layers } = JSON.parse(await readFile(join(folder, name), 'utf8'))
    const stated = layers.flatMap((layer: { annotations: object }) => Object.values(layer.annotations))
    types.push(stated.toSorted())
  }
  return types
}
