import { z } from 'zod'

import { refuse } from '../../errors.ts'
import type { RepositoryRecord } from '../../metadata/metadata-store.ts'
import { isDigest, parseDigest } from '../../oci/digest.ts'
import { parseTag } from '../../oci/reference.ts'
import type { ImageDetail } from '../../registry/manifests.ts'
import { toReferencedImageShape } from './image-shape.ts'
import { operation, repositoryOf } from './operation.ts'
import { decodePageToken, page, pageDefault } from './pagination.ts'
import { imageIds, maxResults, nextToken, registryId, repositoryName } from './shapes.ts'

const listName = 'images'

const input = z.object({
  registryId: registryId.optional(),
  repositoryName,
  imageIds: imageIds.optional(),
  nextToken: nextToken.optional(),
  maxResults: maxResults.optional(),
})

/** The images asked for, or all of a repository, tagged or not, each once with all its tags. */
export const describeImages = operation(input, async (exchange, request) => {
  const { manifests } = exchange.registry
  const address = repositoryOf(exchange, request)
  if (request.imageIds) {
    if (request.maxResults !== undefined || request.nextToken !== undefined) {
      throw refuse('ParameterInvalid', {
        path: request.nextToken === undefined ? 'maxResults' : 'nextToken',
        constraint: 'Member must be null where imageIds are given',
      })
    }
    const queries = request.imageIds.map(({ imageDigest, imageTag }) => ({
      digest: imageDigest === undefined ? undefined : parseDigest(imageDigest),
      tag: imageTag === undefined ? undefined : parseTag(imageTag),
    }))
    const { repository, images } = await manifests.describe(exchange.call, address, queries)
    return { imageDetails: images.map((image) => toImageDetailShape(repository, image)) }
  }
  const size = request.maxResults ?? pageDefault
  const after = decodePageToken(listName, request.nextToken)
  if (after !== undefined && !isDigest(after)) throw refuse('PageTokenInvalid', { token: request.nextToken ?? '' })
  const { repository, images } = await manifests.list(exchange.call, address, { after, limit: size + 1 })
  const { rows, ...next } = page(listName, images, size, (image) => image.digest)
  return { imageDetails: rows.map((image) => toImageDetailShape(repository, image)), ...next }
})

/** An `ImageDetail` of the service model. `imageTags` is left out, not empty, when there are none. */
function toImageDetailShape(repository: RepositoryRecord, image: ImageDetail) {
  return {
    registryId: repository.accountId,
    repositoryName: repository.name,
    ...toReferencedImageShape(image),
    ...(image.tags.length > 0 && { imageTags: image.tags }),
  }
}
