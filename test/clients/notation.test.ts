import { join } from 'node:path'
import { describe } from 'vitest'
import { contentOf, pull, push, readImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'
import type { Workstation } from './workstation.ts'

const overHttp = '--insecure-registry'

/** Makes the machine trust what the certificate's owner has signed, and nothing else, in one repository. */
async function trust(workstation: Workstation, certificate: string, repository: string): Promise<void> {
  const policy = {
    name: 'signed-by-publisher',
    registryScopes: [repository],
    signatureVerification: { level: 'strict' },
    trustStores: ['ca:publisher'],
    trustedIdentities: ['*'],
  }
  const file = await workstation.write('policy.json', JSON.stringify({ version: '1.0', trustPolicies: [policy] }))
  await workstation.run('notation', ['cert', 'add', '--type', 'ca', '--store', 'publisher', certificate])
  await workstation.run('notation', ['policy', 'import', '--force', file])
}

describe('notation', () => {
  scenario.for(['jws', 'cose'])(
    'signs images in the format %s, and a stranger verifies them',
    async (format, { registry, images, publisher, stranger, expect }) => {
      const repository = `${registry.host}/library/notarised/${format}`
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, ['oras'], ['--plain-http'])
      for (const name of ['app', 'multi']) await push(publisher, join(images, name), `${repository}:${name}`)
      const { digest } = await readImage(join(images, 'multi'))
      const [signed, unsigned] = [`${repository}@${digest}`, `${repository}:app`]
      for (const machine of [publisher, stranger]) await machine.run('notation', ['cert', 'generate-test', 'tester'])
      const certificateOf = (machine: Workstation) => machine.path('home/.config/notation/localkeys/tester.crt')
      const sign = ['sign', overHttp, '--key', 'tester', '--signature-format', format, '--user-metadata', 'built=here']
      await publisher.run('notation', [...sign, signed])

      const verify = (reference: string) => stranger.run('notation', ['verify', overHttp, reference])

      await trust(stranger, certificateOf(publisher), repository)
      expect(await verify(signed)).toMatch(/Successfully verified signature/)
      await expect(verify(unsigned)).rejects.toThrow(/no signature is associated/)
      const listed = await stranger.run('notation', ['list', overHttp, signed])
      expect(listed).toContain('application/vnd.cncf.notary.signature')
      await stranger.run('notation', ['cert', 'delete', '--type', 'ca', '--store', 'publisher', '--all', '--yes'])
      await trust(stranger, certificateOf(stranger), repository)
      await expect(verify(signed)).rejects.toThrow(/signature verification failed/)
      expect(await contentOf(await pull(stranger, signed))).toEqual(await contentOf(join(images, 'multi')))
    },
  )
})
