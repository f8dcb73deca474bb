import { z } from 'zod'

import type { TagDetail } from '../../registry/tags.ts'
import { toReferencedImageShape } from './image-shape.ts'
import { repositoryOperation } from './operation.ts'
import { decodePageToken, page, pageDefault } from './pagination.ts'
import { maxResults, nextToken, registryId, repositoryName } from './shapes.ts'

const listName = 'imageTags'

const input = z.object({
  registryId: registryId.optional(),
  repositoryName,
  nextToken: nextToken.optional(),
  maxResults: maxResults.optional(),
})

/** A repository's tags by name, each with the image it is on. */
export const describeImageTags = repositoryOperation(input, async ({ registry, call }, address, request) => {
  const size = request.maxResults ?? pageDefault
  const after = decodePageToken(listName, request.nextToken)
  const found = await registry.tags.describe(call, address, { after, limit: size + 1 })
  const { rows, ...next } = page(listName, found, size, (tag) => tag.tag)
  return { imageTagDetails: rows.flatMap(toImageTagDetailShape), ...next }
})

/** An `ImageTagDetail` of the service model; nothing for a tag that went while we looked. */
function toImageTagDetailShape({ tag, movedAt, image }: TagDetail) {
  return image ? [{ imageTag: tag, createdAt: movedAt / 1000, imageDetail: toReferencedImageShape(image) }] : []
}
