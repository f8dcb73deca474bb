import { dirname, join } from 'node:path'
import { describe } from 'vitest'
import { ContainerdDaemon } from './containerd-daemon.ts'
import { everyOnPath } from './every-on-path.ts'
import { contentOf, pull, push, toArchive } from './image-folder.ts'
import { login, loginPassword } from './login.ts'
import { scenario as base } from './scenario.ts'

const programs = await everyOnPath('containerd', ['--version'])
const plainHttp = '--plain-http'

describe.for(programs)('$version', ({ path, name }) => {
  const scenario = base
    .override('programs', () => [dirname(path)])
    .extend('containerd', async ({ publisher }, { onCleanup }) => {
      const daemon = await ContainerdDaemon.start(publisher)
      onCleanup(() => daemon[Symbol.asyncDispose]())
      return daemon
    })

  scenario.for(['zstd', 'multi'])(
    'pushes the image %s as it was imported, and skopeo pulls the same bytes',
    async (image, { registry, images, publisher, containerd, stranger, expect }) => {
      const reference = `${registry.host}/library/${name}/${image}:1`
      const archive = await toArchive(publisher, join(images, image), reference)
      await containerd.ctr('images', 'import', '--all-platforms', '--no-unpack', archive)
      const user = `AWS:${await loginPassword(registry, publisher)}`

      await containerd.ctr('images', 'push', plainHttp, '--user', user, reference)

      expect(await contentOf(await pull(stranger, reference))).toEqual(await contentOf(join(images, image)))
    },
  )

  scenario(
    'pulls what skopeo pushed, runs it, and pushes it to another repository',
    async ({ registry, images, publisher, containerd, stranger, expect }) => {
      const [pulled, pushed] = [`${registry.host}/library/${name}/from:1`, `${registry.host}/library/${name}/to:1`]
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/app`, pulled)
      await containerd.ctr('images', 'pull', plainHttp, pulled)

      const python = ['/usr/bin/python3', '-c', 'print(6 * 7)']
      expect(await containerd.ctr('run', '--rm', '--net-host', pulled, 'answer', ...python)).toBe('42')

      await containerd.ctr('images', 'tag', pulled, pushed)
      const user = `AWS:${await loginPassword(registry, publisher)}`
      await containerd.ctr('images', 'push', plainHttp, '--user', user, pushed)
      expect(await contentOf(await pull(stranger, pushed))).toEqual(await contentOf(`${images}/app`))
    },
  )

  scenario('is told that it may not push', async ({ registry, images, publisher, containerd, expect }) => {
    const reference = `${registry.host}/library/${name}/refused:1`
    const archive = await toArchive(publisher, join(images, 'app'), reference)
    await containerd.ctr('images', 'import', '--no-unpack', archive)

    const refused = containerd.ctr('images', 'push', plainHttp, reference)

    await expect(refused).rejects.toThrow(/401|403|unauthorized|authorization failed|denied/i)
  })
})
