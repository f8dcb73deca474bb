import { join } from 'node:path'
import { describe } from 'vitest'
import { contentOf, pull, push, readImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario } from './scenario.ts'
import type { Workstation } from './workstation.ts'

/** Where cosign puts what it says of an image: in an artifact that is about it, or, as before 3.0, under a tag beside it. */
const layouts = [
  { layout: 'as a bundle that refers to it', flags: [], isTagged: false },
  { layout: 'under a tag beside it', flags: ['--new-bundle-format=false'], isTagged: true },
] as const

const overHttp = '--allow-http-registry'
// Neither certificates nor times from a service: the key is all.
const offline = ['--use-signing-config=false', '--tlog-upload=false', '--yes', overHttp]
const verifyOffline = ['--insecure-ignore-tlog', overHttp]

/** Makes a pair of keys, without a password. */
async function generateKeys(workstation: Workstation): Promise<{ private: string; public: string }> {
  await workstation.run('cosign', ['generate-key-pair'], { env: { COSIGN_PASSWORD: '' } })
  return { private: workstation.path('cosign.key'), public: workstation.path('cosign.pub') }
}

describe('cosign', () => {
  scenario.for(layouts)(
    'signs an image and vouches for it, $layout, and a stranger verifies both',
    async ({ flags, isTagged }, { registry, images, publisher, stranger, expect }) => {
      const repository = `${registry.host}/library/cosigned/${isTagged ? 'tagged' : 'bundled'}`
      await login(registry, publisher, ['skopeo'])
      await login(registry, publisher, ['cosign'])
      for (const name of ['app', 'multi']) await push(publisher, join(images, name), `${repository}:${name}`)
      const { digest } = await readImage(join(images, 'multi'))
      const [signed, unsigned] = [`${repository}@${digest}`, `${repository}:app`]
      const [keys, otherKeys] = [await generateKeys(publisher), await generateKeys(stranger)]
      const env = { COSIGN_PASSWORD: '' }
      await publisher.run('cosign', ['sign', ...offline, ...flags, '--key', keys.private, signed], { env })
      const predicate = await publisher.write('predicate.json', '{ "reviewed": true }')
      const attest = ['attest', ...offline, ...flags, '--type', 'custom', '--predicate', predicate]
      await publisher.run('cosign', [...attest, '--key', keys.private, signed], { env })

      const verify = (key: string, reference: string) =>
        stranger.run('cosign', ['verify', ...verifyOffline, ...flags, '--key', key, reference])
      const verifyAttestation = ['verify-attestation', ...verifyOffline, ...flags, '--type', 'custom']

      expect(await verify(keys.public, signed)).toContain(digest)
      const attestation = await stranger.run('cosign', [...verifyAttestation, '--key', keys.public, signed])
      expect(statementIn(attestation)).toMatchObject({
        subject: [{ digest: { sha256: digest.replace('sha256:', '') } }],
      })
      await expect(verify(keys.public, unsigned)).rejects.toThrow(/no signatures found/)
      await expect(verify(otherKeys.public, signed)).rejects.toThrow(/no matching (signatures|attestations)/)

      const besides = ['att', 'sig'].map((suffix) => `${digest.replace(':', '-')}.${suffix}`)
      const tags = ['app', 'multi', ...(isTagged ? besides : [])]
      expect((await stranger.run('crane', ['ls', repository])).split('\n')).toEqual(tags)
      expect(await contentOf(await pull(stranger, signed))).toEqual(await contentOf(join(images, 'multi')))
    },
  )
})

/** The in-toto statement in what `verify-attestation` prints: an envelope in JSON. */
function statementIn(printed: string): unknown {
  const { payload } = JSON.parse(printed)
  return JSON.parse(Buffer.from(payload, 'base64').toString())
}
