import { refuse } from '../../errors.ts'
import type { OperationName } from '../rates.ts'
import { batchCheckLayerAvailability } from './batch-check-layer-availability.ts'
import { batchDeleteImage } from './batch-delete-image.ts'
import { completeLayerUpload } from './complete-layer-upload.ts'
import { createRepository } from './create-repository.ts'
import { deleteRepository } from './delete-repository.ts'
import { deleteRepositoryPolicy } from './delete-repository-policy.ts'
import { describeImageTags } from './describe-image-tags.ts'
import { describeImages } from './describe-images.ts'
import { describeRegistries } from './describe-registries.ts'
import { describeRepositories } from './describe-repositories.ts'
import { getAuthorizationToken } from './get-authorization-token.ts'
import { getRegistryCatalogData } from './get-registry-catalog-data.ts'
import { getRepositoryCatalogData } from './get-repository-catalog-data.ts'
import { getRepositoryPolicy } from './get-repository-policy.ts'
import { initiateLayerUpload } from './initiate-layer-upload.ts'
import { listTagsForResource } from './list-tags-for-resource.ts'
import type { Operation } from './operation.ts'
import { putImage } from './put-image.ts'
import { putRegistryCatalogData } from './put-registry-catalog-data.ts'
import { putRepositoryCatalogData } from './put-repository-catalog-data.ts'
import { setRepositoryPolicy } from './set-repository-policy.ts'
import { tagResource } from './tag-resource.ts'
import { untagResource } from './untag-resource.ts'
import { uploadLayerPart } from './upload-layer-part.ts'

/** The published operations, and nothing else: what is not in this table cannot be called. */
const operations: ReadonlyMap<OperationName, Operation> = new Map([
  ['BatchCheckLayerAvailability', batchCheckLayerAvailability],
  ['BatchDeleteImage', batchDeleteImage],
  ['CompleteLayerUpload', completeLayerUpload],
  ['CreateRepository', createRepository],
  ['DeleteRepository', deleteRepository],
  ['DeleteRepositoryPolicy', deleteRepositoryPolicy],
  ['DescribeImageTags', describeImageTags],
  ['DescribeImages', describeImages],
  ['DescribeRegistries', describeRegistries],
  ['DescribeRepositories', describeRepositories],
  ['GetAuthorizationToken', getAuthorizationToken],
  ['GetRegistryCatalogData', getRegistryCatalogData],
  ['GetRepositoryCatalogData', getRepositoryCatalogData],
  ['GetRepositoryPolicy', getRepositoryPolicy],
  ['InitiateLayerUpload', initiateLayerUpload],
  ['ListTagsForResource', listTagsForResource],
  ['PutImage', putImage],
  ['PutRegistryCatalogData', putRegistryCatalogData],
  ['PutRepositoryCatalogData', putRepositoryCatalogData],
  ['SetRepositoryPolicy', setRepositoryPolicy],
  ['TagResource', tagResource],
  ['UntagResource', untagResource],
  ['UploadLayerPart', uploadLayerPart],
])

/** By name, as the service model has them. */
export const operationNames: readonly OperationName[] = [...operations.keys()]

/** The service's name on the wire, from its model. */
const targetPrefix = 'SpencerFrontendService.'

/** The operation that an `X-Amz-Target` header names. Refuses `OperationUnknown`. */
export function findOperation(target: string | string[] | undefined): { name: OperationName; operation: Operation } {
  const text = typeof target === 'string' ? target : ''
  const name = (text.startsWith(targetPrefix) ? text.slice(targetPrefix.length) : '') as OperationName
  const operation = operations.get(name)
  if (!operation) throw refuse('OperationUnknown', { operation: text.slice(0, 100) })
  return { name, operation }
}
