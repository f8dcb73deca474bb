import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { describe } from 'vitest'
import { until } from '../support/until.ts'
import { contentOf, pull, push } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'

const halfAnImageBytes = 40 * 1024 * 1024

async function bytesIn(folder: string): Promise<number> {
  let bytes = 0
  for (const name of await readdir(folder, { recursive: true })) {
    // Files of uploads come and go while they are counted.
    const size = await stat(join(folder, name)).then(
      (entry) => (entry.isFile() ? entry.size : 0),
      () => 0,
    )
    bytes += size
  }
  return bytes
}

describe('after a power cut', () => {
  scenario(
    'an image whose push was acknowledged a moment before is whole',
    async ({ registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/acknowledged:1`
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/multi`, reference)

      await registry.kill()
      await registry.start()

      const pulled = await pull(stranger, reference)
      expect(await contentOf(pulled)).toEqual(await contentOf(join(images, 'multi')))
    },
  )

  scenario(
    'a push that was cut short can be repeated, with the credentials of before',
    async ({ registry, images, publisher, stranger, expect }) => {
      const reference = `${registry.host}/library/repeated:1`
      const pushAll = () => push(publisher, `${images}/zstd`, reference)
      await login(registry, publisher, ['skopeo'])
      const bytesBefore = await bytesIn(registry.dataDirectory)
      const cutShort = pushAll().catch((error: unknown) => error)
      const halfway = async () => (await bytesIn(registry.dataDirectory)) > bytesBefore + halfAnImageBytes
      await until('half of the image to arrive', halfway, { everyMs: 5 })

      await registry.kill()
      await cutShort
      await registry.start()
      await pushAll()

      expect(await contentOf(await pull(stranger, reference))).toEqual(await contentOf(join(images, 'zstd')))
    },
  )
})
