import type { Command } from 'commander'

import { isRefusal } from '../errors.ts'
import type { Maintenance } from '../maintenance.ts'
import { type Digest, isDigest } from '../oci/digest.ts'
import { imageNameOf } from '../registry/address.ts'
import type { DeletedImage } from '../registry/history.ts'
import type { RestoredImage } from '../registry/restore.ts'
import { CommandRefused } from './command-refused.ts'
import { onStores } from './maintenance-command.ts'
import { shownTime, table } from './table.ts'

/** A page of manifests has their bytes. */
const imagesPerPage = 20
const repositoriesPerPage = 500

export function addRestore(program: Command): void {
  onStores(
    program
      .command('restore')
      .description('Bring a deleted image back, with the tags it had and, for an index, its images. Or --list them.')
      .argument('[image]', '<alias/repository>@<digest>; with --list <alias/repository>, or nothing for all')
      .option('--list', 'Show the images that can be brought back'),
    'waybill restore acme/app@sha256:…',
    async (maintenance, image: string | undefined, { list }: { readonly list?: true }) => {
      if (list) return listed(await listDeleted(maintenance, image))
      return restored(image ?? '', await restore(maintenance, image ?? ''))
    },
  )
}

interface ListedImage extends DeletedImage {
  readonly repository: string
}

async function listDeleted(maintenance: Maintenance, repository: string | undefined): Promise<ListedImage[]> {
  const names = repository === undefined ? await repositoriesWithDeleted(maintenance) : [repository]
  const images: ListedImage[] = []
  for (const name of names) {
    const { address, call } = await maintenance.enter(name)
    let after: Digest | undefined
    for (;;) {
      const page = await maintenance.registry.history.listDeleted(call, address, { after, limit: imagesPerPage })
      images.push(...page.map((image) => ({ repository: name, ...image })))
      if (page.length < imagesPerPage) break
      after = page.at(-1)?.digest
    }
  }
  return images
}

async function repositoriesWithDeleted({ view }: Maintenance): Promise<string[]> {
  const ids = new Set<number>()
  for (;;) {
    // Digests are lower case, so that this is behind all of a repository's.
    const last = [...ids].at(-1)
    const after = last === undefined ? undefined : { repositoryId: last, digest: '~' as Digest }
    const page = await view.scan.listDeletedManifests({ after, limit: repositoriesPerPage })
    for (const { repositoryId } of page) ids.add(repositoryId)
    if (page.length < repositoriesPerPage) break
  }
  const names = await Promise.all([...ids].map((id) => imageNameOf(view, id)))
  return names.filter((name) => name !== undefined)
}

async function restore(maintenance: Maintenance, image: string): Promise<RestoredImage> {
  const [name = '', digest] = image.split('@')
  if (!isDigest(digest)) throw new CommandRefused('name the image as <alias/repository>@<digest>; --list shows them')
  const { address, call } = await maintenance.enter(name)
  try {
    return await maintenance.registry.manifests.restore(call, address, digest)
  } catch (error) {
    if (isRefusal(error, 'ImageUnknown')) {
      throw new CommandRefused(`${name} has no such deleted image: it never had, or its time was up`, { cause: error })
    }
    if (isRefusal(error, 'ReferencedBlobsUnknown') || isRefusal(error, 'ReferencedImagesUnknown')) {
      const { digests } = error.facts
      throw new CommandRefused(`it needs ${digests.join(' and ')}, which ${name} does not have`, { cause: error })
    }
    throw error
  }
}

function listed(images: readonly ListedImage[]) {
  const rows = images.map(({ repository, digest, tags, deletedAt, deletedBy, expiresAt }) => [
    ...[`${repository}@${digest}`, tags.join(', '), shownTime(deletedAt), deletedBy, shownTime(expiresAt)],
  ])
  const heading = ['image', 'tags', 'deleted', 'by', 'kept until']
  return { json: images, text: rows.length === 0 ? 'There is nothing to bring back.' : table(heading, rows) }
}

function restored(image: string, result: RestoredImage) {
  const { tags, children } = result
  const withTags = tags.length === 0 ? 'without a tag' : `with ${tags.join(', ')}`
  const andChildren = children.length === 0 ? '' : `, and so are ${children.length} images of it`
  return { json: result, text: `${image} is there again, ${withTags}${andChildren}.` }
}
