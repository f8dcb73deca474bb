import { randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { describe } from 'vitest'
import { awsCli } from './aws-cli.ts'
import { blobPath, contentOf, pull, push, readImage } from './image-folder.ts'
import { login } from './login.ts'
import { scenario as base } from './scenario.ts'
import type { Workstation } from './workstation.ts'

const plainHttp = '--plain-http'
const sbomType = 'application/vnd.example.sbom'
const signatureType = 'application/vnd.example.signature'

let artifacts = 0

/** `artifact` is pushed already, by a publisher who has logged in and has the same two files. */
const scenario = base.extend('artifact', async ({ registry, publisher }) => {
  const reference = `${registry.host}/library/oras/artifact-${++artifacts}:1`
  await login(registry, publisher, ['oras'], [plainHttp])
  await publisher.write('data.bin', randomBytes(3_000_000))
  await publisher.write('note.txt', 'a note\n')
  const artifactType = ['--artifact-type', 'application/vnd.example.data']
  const files = ['data.bin:application/octet-stream', 'note.txt:text/plain']
  await publisher.run('oras', ['push', plainHttp, ...artifactType, reference, ...files])
  return reference
})

/** What is about something: by type, and below each what is about that in turn. */
interface Referrers {
  readonly [artifactType: string]: Referrers
}

interface Discovered {
  readonly artifactType: string
  readonly digest: string
  readonly referrers: readonly Discovered[]
}

async function discover(workstation: Workstation, reference: string, ...flags: string[]): Promise<Discovered> {
  const args = ['discover', plainHttp, '--format', 'json', ...flags, reference]
  return JSON.parse(await workstation.run('oras', args))
}

function byType({ referrers }: Pick<Discovered, 'referrers'>): Referrers {
  return Object.fromEntries(referrers.map((referrer) => [referrer.artifactType, byType(referrer)]))
}

/** Attaches a software bill of materials, which is then signed, and a signature to what `reference` names. */
async function attachAll(publisher: Workstation, reference: string): Promise<void> {
  await publisher.write('sbom.json', '{}')
  const repository = reference.replace(/:[^:/]*$/, '')
  const attach = async (subject: string, artifactType: string, file: string): Promise<string> => {
    const args = ['attach', plainHttp, '--artifact-type', artifactType, '--format', 'go-template={{.digest}}']
    return publisher.run('oras', [...args, subject, file])
  }
  const sbom = await attach(reference, sbomType, 'sbom.json:application/json')
  await attach(reference, signatureType, 'note.txt:text/plain')
  await attach(`${repository}@${sbom}`, signatureType, 'note.txt:text/plain')
}

describe('oras', () => {
  scenario(
    'pushes files, which skopeo finds in the registry and a stranger gets back',
    async ({ artifact, publisher, stranger, expect }) => {
      const image = await readImage(await pull(stranger, artifact))

      const [data, note] = image.layers
      expect(await readFile(blobPath(image.folder, data!))).toEqual(await readFile(publisher.path('data.bin')))
      expect(await readFile(blobPath(image.folder, note!), 'utf8')).toBe('a note\n')
      expect(await stranger.run('oras', ['resolve', plainHttp, artifact])).toBe(image.digest)
      await stranger.run('oras', ['pull', plainHttp, '--output', 'got', artifact])
      expect(await contentOf(stranger.path('got'))).toMatchObject({
        'data.bin': data!.digest,
        'note.txt': note!.digest,
      })
    },
  )

  scenario(
    'attaches artifacts to an image and to one another, and finds them, all or by type',
    async ({ registry, images, artifact, publisher, stranger, expect }) => {
      const reference = `${artifact.replace(/:1$/, '')}/image:1`
      await login(registry, publisher, ['skopeo'])
      await push(publisher, `${images}/multi`, reference)
      await attachAll(publisher, reference)

      const all = await discover(stranger, reference)

      expect(byType(all)).toEqual({ [sbomType]: { [signatureType]: {} }, [signatureType]: {} })
      const signatures = await discover(stranger, reference, '--artifact-type', signatureType)
      expect(byType(signatures)).toEqual({ [signatureType]: {} })
      const { digest } = all.referrers.find((referrer) => referrer.artifactType === sbomType)!
      const manifest = await stranger.run('crane', ['manifest', reference.replace(/:1$/, `@${digest}`)])
      const subject = { digest: (await readImage(`${images}/multi`)).digest }
      expect(JSON.parse(manifest)).toMatchObject({ artifactType: sbomType, subject })
    },
  )

  scenario(
    'copies an artifact with all that is about it to another repository, and by way of a folder to a third',
    async ({ artifact, publisher, stranger, expect }) => {
      const [second, third] = ['second', 'third'].map((name) => `${artifact.replace(/:1$/, '')}/${name}:2`)
      await attachAll(publisher, artifact)
      const copy = ['copy', '--recursive'] as const
      await publisher.run('oras', [...copy, '--from-plain-http', '--to-plain-http', artifact, second!])
      await stranger.run('oras', [...copy, '--from-plain-http', '--to-oci-layout', second!, 'layout:3'])
      await publisher.run('oras', [...copy, '--from-oci-layout', '--to-plain-http', stranger.path('layout:3'), third!])

      for (const reference of [second!, third!]) {
        const expected = await discover(stranger, artifact)
        expect(digestsIn(await discover(stranger, reference))).toEqual(digestsIn(expected))
        expect(await contentOf(await pull(stranger, reference))).toEqual(
          await contentOf(await pull(stranger, artifact)),
        )
      }
    },
  )

  scenario(
    'deletes an artifact, and then what was about it is all there is',
    async ({ artifact, publisher, expect }) => {
      await attachAll(publisher, artifact)
      const { digest, referrers } = await discover(publisher, artifact)
      await publisher.run('oras', ['manifest', 'delete', plainHttp, '--force', artifact])

      await expect(publisher.run('oras', ['resolve', plainHttp, artifact])).rejects.toThrow(/not found/)
      const repository = artifact.replace(/:1$/, '')
      expect(await publisher.run('oras', ['repo', 'tags', plainHttp, repository])).toBe('')
      for (const referrer of referrers) {
        const manifest = await publisher.run('crane', ['manifest', `${repository}@${referrer.digest}`])
        expect(JSON.parse(manifest)).toMatchObject({ subject: { digest } })
      }
    },
  )

  scenario(
    "pushes a Helm chart, which the API knows by its config's type, and crane pulls the same bytes",
    async ({ registry, publisher, stranger, expect }) => {
      const configType = 'application/vnd.cncf.helm.config.v1+json'
      const chart = { apiVersion: 'v2', name: 'hello', version: '0.1.0' }
      await login(registry, publisher, ['oras'], [plainHttp])
      await publisher.write('config.json', JSON.stringify(chart))
      await publisher.write('source/hello/Chart.yaml', JSON.stringify(chart))
      const archive = await publisher.write('charts/hello-0.1.0.tgz', '')
      await publisher.run('tar', ['--create', '--gzip', '--file', archive, '--directory', 'source', 'hello'])
      const reference = `${registry.host}/library/charts/hello:0.1.0`
      const content = 'charts/hello-0.1.0.tgz:application/vnd.cncf.helm.chart.content.v1.tar+gzip'
      await publisher.run('oras', ['push', plainHttp, '--config', `config.json:${configType}`, reference, content])

      const described = await awsCli(publisher, registry)('describe-images', '--repository-name', 'charts/hello')

      expect(described).toMatchObject({ imageDetails: [{ imageTags: ['0.1.0'], artifactMediaType: configType }] })
      expect(JSON.parse(await stranger.run('crane', ['config', reference]))).toEqual(chart)
      await stranger.run('crane', ['pull', '--format', 'oci', reference, 'layout'])
      const [digest] = Object.values(await contentOf(publisher.path('charts')))
      expect(Object.values(await contentOf(stranger.path('layout/blobs/sha256')))).toContain(digest)
    },
  )
})

function digestsIn(discovered: Discovered): string[] {
  return [discovered.digest, ...discovered.referrers.flatMap(digestsIn)]
}
