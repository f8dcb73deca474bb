import { type Refusal, type RefusalCode, type Refusals, RegistryError, type RepositoryFacts } from '../../errors.ts'
import { isUnavailable, retryAfterSeconds } from '../unavailable.ts'

/** A refusal as the registry endpoint words it (OCI distribution-spec 1.1, "Error Codes"). */
export interface OciError {
  readonly status: number
  readonly code: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
  /** Sent as it is, in place of JSON. */
  readonly text?: string
}

/** One row for every refusal; the messages are ECR's where ECR's are known. */
const rows: { readonly [Code in RefusalCode]: (facts: Refusals[Code]) => OciError } = {
  AccessDenied: (f) =>
    error(
      403,
      'DENIED',
      `${f.principal} is not authorized to perform: ${f.action} on resource: ${f.resource} ${f.reason}`,
    ),
  AccessKeyUnknown: () => error(401, 'UNAUTHORIZED', 'The access key is unknown or disabled.'),
  BlobExists: (f) => error(400, 'BLOB_UPLOAD_INVALID', `The layer with digest ${f.digest} is there already`),
  BlobReferenced: (f) =>
    error(405, 'UNSUPPORTED', `The layer with digest ${f.digest} belongs to an image: delete that first`),
  BlobUnknown: (f) =>
    error(404, 'BLOB_UNKNOWN', `The layer with digest ${f.digest} does not exist within ${theRepository(f)}`),
  BodyTooLarge: (f) => error(413, 'SIZE_INVALID', `The body is larger than ${f.bytesMax} bytes`),
  ClientGone: (f) => error(400, 'BLOB_UPLOAD_INVALID', f.reason),
  DigestInvalid: (f) =>
    error(
      400,
      'DIGEST_INVALID',
      `'${f.digest}' is not a digest: sha256: and 64 hexadecimal digits, or sha512: and 128`,
    ),
  DigestMismatch: (f) => error(400, 'DIGEST_INVALID', `The content is ${f.computed}, not ${f.declared.join(' or ')}`),
  ImageDigestMismatch: (f) => error(400, 'DIGEST_INVALID', `The manifest is ${f.computed}, not ${f.declared}`),
  ImageExists: (f) => error(400, 'MANIFEST_INVALID', `The image ${f.digest} is there already`),
  ImageTagMismatch: () => error(404, 'MANIFEST_UNKNOWN', 'Requested image not found'),
  ImageReferenced: (f) =>
    error(405, 'UNSUPPORTED', `Requested image referenced by manifest list: [${f.parents.join(', ')}]`),
  ImageUnknown: () => error(404, 'MANIFEST_UNKNOWN', 'Requested image not found'),
  ImagesPerRepositoryExceeded: (f) =>
    error(403, 'DENIED', `The repository already has the maximum allowed number of images which is '${f.imagesMax}'`),
  LogoInvalid: (f) => error(400, 'UNSUPPORTED', f.reason),
  ManifestInvalid: (f) => error(400, 'MANIFEST_INVALID', `The manifest cannot be used: ${f.reason}`),
  ManifestTooLarge: (f) => error(413, 'MANIFEST_INVALID', `The manifest is larger than ${f.bytesMax} bytes`),
  MediaTypeInvalid: (f) =>
    error(400, 'MANIFEST_INVALID', `The media type '${f.mediaType}' cannot be used: ${f.reason}`),
  MethodUnsupported: (f) => error(405, 'UNSUPPORTED', `${f.method} is not supported here`),
  NameInvalid: (f) => error(400, 'NAME_INVALID', `'${f.name}' cannot be used: ${f.reason}`),
  OperationUnknown: () => error(404, 'UNSUPPORTED', 'There is no such operation'),
  PolicyInvalid: (f) => error(400, 'UNSUPPORTED', `${f.path}: ${f.reason}`),
  PolicyLocksOut: () => error(400, 'UNSUPPORTED', 'The policy would keep its author from setting another'),
  PolicyPrincipalUnknown: (f) => error(400, 'UNSUPPORTED', `Principal not found: ${f.principal}`),
  PolicyUnknown: (f) => error(404, 'UNSUPPORTED', `There is no policy for ${theRepository(f)}`),
  PageTokenInvalid: () => error(400, 'UNSUPPORTED', 'Invalid parameter at NextToken'),
  ParameterInvalid: (f) =>
    error(400, 'UNSUPPORTED', `Invalid parameter at '${f.path}' failed to satisfy constraint: '${f.constraint}'`),
  RangeUnsatisfiable: (f) =>
    error(416, 'SIZE_INVALID', `The blob has ${f.bytes} bytes`, { 'content-range': `bytes */${f.bytes}` }),
  RateExceeded: (f) =>
    error(429, 'TOOMANYREQUESTS', 'Rate exceeded', { 'retry-after': String(Math.ceil(f.retryAfterMs / 1000)) }),
  ReadOnly: () => error(405, 'UNSUPPORTED', 'The registry is read-only for now: images can be pulled and not pushed'),
  ReferencedBlobsUnknown: (f) =>
    error(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `Layers with digests '[${f.digests.join(', ')}]' required for pushing image into ${theRepositoryWithName(f)} do not exist`,
    ),
  ReferencedImagesUnknown: (f) =>
    error(
      400,
      'MANIFEST_BLOB_UNKNOWN',
      `Images with digests '[${f.digests.join(', ')}]' required for pushing image into ${theRepositoryWithName(f)} do not exist`,
    ),
  RegistryUnknown: (f) => error(404, 'NAME_UNKNOWN', `There is no registry with the alias '${f.registry}'`),
  RepositoriesExceeded: (f) =>
    error(
      403,
      'DENIED',
      `The registry already has the maximum allowed number of repositories which is '${f.repositoriesMax}'`,
    ),
  RepositoryExists: (f) =>
    error(
      400,
      'NAME_INVALID',
      `The repository with name '${f.repository}' already exists in the registry with id '${f.registry}'`,
    ),
  RepositoryNotEmpty: (f) => error(405, 'UNSUPPORTED', `${theRepository(f)} still contains images`),
  RepositoryUnknown: (f) =>
    error(
      404,
      'NAME_UNKNOWN',
      `The repository with name '${f.repository}' does not exist in the registry with id '${f.registry}'`,
    ),
  RequestMalformed: (f) => error(400, 'UNSUPPORTED', f.reason),
  ResourceArnInvalid: (f) => error(400, 'UNSUPPORTED', `'${f.arn}' is no ARN of a repository`),
  ResourceTagInvalid: (f) => error(400, 'UNSUPPORTED', f.reason),
  ResourceTagsExceeded: (f) => error(403, 'DENIED', `A repository has at most ${f.tagsMax} tags`),
  RouteUnknown: () => error(404, 'UNSUPPORTED', 'There is no such endpoint'),
  SerializationFailed: (f) => error(400, 'UNSUPPORTED', f.reason),
  SignatureIncomplete: (f) => error(401, 'UNAUTHORIZED', f.reason),
  SignatureInvalid: (f) => error(401, 'UNAUTHORIZED', f.reason),
  SignatureMissing: () => error(401, 'UNAUTHORIZED', 'Not Authorized'),
  TagImmutable: (f) =>
    error(
      400,
      'TAG_INVALID',
      `The image tag '${f.tag}' already exists in the '${f.repository}' repository and cannot be overwritten because the repository is immutable.`,
    ),
  TagInvalid: (f) =>
    error(400, 'TAG_INVALID', `'${f.tag}' is not a tag: up to 128 letters, digits, . _ and -, and not . or - in front`),
  TagsPerImageExceeded: (f) =>
    error(
      403,
      'DENIED',
      `Adding tag '${f.tag}' to an image in ${theRepositoryIn(f)} exceeds the maximum allowed number of tags per image which is '${f.tagsMax}'`,
    ),
  TokenInvalid: (f) =>
    error(401, 'UNAUTHORIZED', `Your Authorization Token is invalid: ${f.reason}. Reauthenticate and try again.`),
  Unauthenticated: () => error(401, 'UNAUTHORIZED', 'Not Authorized'),
  UploadEmpty: (f) => error(400, 'BLOB_UPLOAD_INVALID', `The upload with id '${f.upload}' does not have any parts`),
  UploadOutOfOrder: (f) =>
    error(
      416,
      'BLOB_UPLOAD_INVALID',
      `First byte of the layer part is ${f.receivedOffset} instead of ${f.expectedOffset}`,
      { range: `0-${Math.max(0, f.expectedOffset - 1)}` },
    ),
  UploadPartSizeInvalid: (f) => error(400, 'SIZE_INVALID', f.reason),
  UploadPartTooSmall: (f) =>
    error(400, 'BLOB_UPLOAD_INVALID', `All parts but the last have at least ${f.partBytesMin} bytes`),
  UploadPartsExceeded: (f) => error(400, 'BLOB_UPLOAD_INVALID', `An upload has at most ${f.partsMax} parts`),
  UploadTooLarge: (f) => error(413, 'SIZE_INVALID', `A layer has at most ${f.bytesMax} bytes`),
  UploadUnknown: (f) =>
    error(404, 'BLOB_UPLOAD_UNKNOWN', `The upload with id '${f.upload}' does not exist within ${theRepository(f)}`),
}

/** What to tell a client of whatever was thrown. What is no refusal shows nothing of itself. */
export function describeOciError(thrown: unknown): OciError {
  if (thrown instanceof RegistryError) {
    const { code, facts } = thrown as Refusal
    return (rows[code] as (facts: unknown) => OciError)(facts)
  }
  return isUnavailable(thrown)
    ? error(503, 'UNAVAILABLE', 'The registry cannot do this now. Try again soon.', {
        'retry-after': String(retryAfterSeconds),
      })
    : error(500, 'UNKNOWN', 'internal error')
}

/** ECR ends its bodies with a line feed. */
export function ociErrorBody({ code, message, text }: OciError): string {
  return text ?? `${JSON.stringify({ errors: [{ code, message }] })}\n`
}

function error(status: number, code: string, message: string, headers?: Record<string, string>): OciError {
  return { status, code, message, ...(headers && { headers }) }
}

function theRepository({ repository, registry }: RepositoryFacts): string {
  return `the repository with name '${repository}' in the registry with id '${registry}'`
}

function theRepositoryWithName({ repository, registry }: RepositoryFacts): string {
  return `repository with name '${repository}' in the registry with id '${registry}'`
}

function theRepositoryIn({ repository, registry }: RepositoryFacts): string {
  return `the repository with name '${repository}' in registry with id '${registry}'`
}
