import { z } from 'zod'

import { RegistryError } from '../../errors.ts'
import { parseDigest } from '../../oci/digest.ts'
import { parseTag } from '../../oci/reference.ts'
import type { ImageQuery, RemovedImage } from '../../registry/manifests.ts'
import { type RefusedRemoval, type RemovalRefusal, removeImages } from '../../registry/remove-images.ts'
import { repositoryOperation } from './operation.ts'
import {
  batchedImageIds,
  digestPattern,
  imageDigest,
  imageTag,
  registryIdOrAlias,
  repositoryName,
  tagPattern,
} from './shapes.ts'

const input = z.object({ registryId: registryIdOrAlias.optional(), repositoryName, imageIds: batchedImageIds })

/**
 * Removes images by digest, each with all its tags, and tags, each with its image if it is the last. What cannot be
 * removed is a failure in the answer, which is a success all the same.
 */
export const batchDeleteImage = repositoryOperation(input, async ({ registry, call }, address, { imageIds }) => {
  // Asked for here, too, because it may be that no image is fit to be looked for.
  await registry.repositories.get(call, address, 'ecr-public:BatchDeleteImage')
  const queries: ImageQuery[] = []
  const failures: ImageFailure[] = []
  for (const imageId of imageIds) {
    const parsed = parseImageId(imageId)
    if ('failureCode' in parsed) failures.push({ imageId, ...parsed })
    else queries.push(parsed)
  }
  const { removed, refused } = await removeImages(queries, (query) => registry.manifests.remove(call, address, query))
  return { imageIds: removed.flatMap(toImageIds), failures: [...failures, ...refused.map(toFailure)] }
})

interface ImageId {
  readonly imageDigest?: string | undefined
  readonly imageTag?: string | undefined
}

interface Fault {
  readonly failureCode: string
  readonly failureReason: string
}

type ImageFailure = Fault & { readonly imageId: ImageId }

const notFound: Fault = { failureCode: 'ImageNotFound', failureReason: 'Requested image not found' }

function parseImageId({ imageDigest: digest, imageTag: tag }: ImageId): ImageQuery | Fault {
  if (digest === undefined && tag === undefined) {
    return invalid('MissingDigestAndTag', 'both tag and digest cannot be null')
  }
  if (!imageDigest.optional().safeParse(digest).success) {
    return invalid('InvalidImageDigest', `image digest should satisfy the regex '${digestPattern}'`)
  }
  if (!imageTag.optional().safeParse(tag).success) {
    return invalid('InvalidImageTag', `image tag should satisfy the regex '${tagPattern}'`)
  }
  try {
    return {
      digest: digest === undefined ? undefined : parseDigest(digest),
      tag: tag === undefined ? undefined : parseTag(tag),
    }
  } catch (error) {
    // ECR's patterns admit more than can be in a repository.
    if (error instanceof RegistryError) return notFound
    throw error
  }
}

function invalid(failureCode: string, reason: string): Fault {
  return { failureCode, failureReason: `Invalid request parameters: ${reason}` }
}

/** One for each tag that went, or one without a tag. */
function toImageIds({ digest, tags }: RemovedImage): ImageId[] {
  return tags.length === 0 ? [{ imageDigest: digest }] : tags.map((tag) => ({ imageDigest: digest, imageTag: tag }))
}

function toFailure({ query, refusal }: RefusedRemoval): ImageFailure {
  return { imageId: { imageDigest: query.digest, imageTag: query.tag }, ...faultOf(refusal) }
}

function faultOf(refusal: RemovalRefusal): Fault {
  switch (refusal.code) {
    case 'ImageUnknown':
      return notFound
    case 'ImageTagMismatch':
      return { failureCode: 'ImageTagDoesNotMatchDigest', failureReason: 'Requested image tag is not on this digest' }
    case 'ImageReferenced': {
      const parents = refusal.facts.parents.join(', ')
      return {
        failureCode: 'ImageReferencedByManifestList',
        failureReason: `Requested image referenced by manifest list: [${parents}]`,
      }
    }
  }
}
