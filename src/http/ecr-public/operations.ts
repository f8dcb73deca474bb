import { refuse } from '../../errors.ts'
import { batchCheckLayerAvailability } from './batch-check-layer-availability.ts'
import { completeLayerUpload } from './complete-layer-upload.ts'
import { createRepository } from './create-repository.ts'
import { describeImages } from './describe-images.ts'
import { describeRepositories } from './describe-repositories.ts'
import { getAuthorizationToken } from './get-authorization-token.ts'
import { initiateLayerUpload } from './initiate-layer-upload.ts'
import type { Operation } from './operation.ts'
import { putImage } from './put-image.ts'
import { uploadLayerPart } from './upload-layer-part.ts'

/** The published operations, and nothing else: what is not in this table cannot be called. */
const operations: ReadonlyMap<string, Operation> = new Map([
  ['BatchCheckLayerAvailability', batchCheckLayerAvailability],
  ['CompleteLayerUpload', completeLayerUpload],
  ['CreateRepository', createRepository],
  ['DescribeImages', describeImages],
  ['DescribeRepositories', describeRepositories],
  ['GetAuthorizationToken', getAuthorizationToken],
  ['InitiateLayerUpload', initiateLayerUpload],
  ['PutImage', putImage],
  ['UploadLayerPart', uploadLayerPart],
])

/** The service's name on the wire, from its model. */
const targetPrefix = 'SpencerFrontendService.'

/** The operation that an `X-Amz-Target` header names. Refuses `OperationUnknown`. */
export function findOperation(target: string | string[] | undefined): { name: string; operation: Operation } {
  const text = typeof target === 'string' ? target : ''
  const name = text.startsWith(targetPrefix) ? text.slice(targetPrefix.length) : ''
  const operation = operations.get(name)
  if (!operation) throw refuse('OperationUnknown', { operation: text.slice(0, 100) })
  return { name, operation }
}
