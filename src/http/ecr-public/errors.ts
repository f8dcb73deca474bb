import { type Refusal, type RefusalCode, type Refusals, RegistryError, type RepositoryFacts } from '../../errors.ts'
import { isUnavailable } from '../unavailable.ts'

/** A refusal as ECR Public's API words it: an exception of the service model, or one that every AWS service has. */
export interface EcrPublicError {
  readonly status: number
  readonly type: string
  readonly message: string
  /** Members that the exception has beside its message. */
  readonly members?: Readonly<Record<string, string | number>>
}

/** One row for every refusal. Where ECR's own sentence is known it stands here to the letter, oddities included. */
const rows: { readonly [Code in RefusalCode]: (facts: Refusals[Code]) => EcrPublicError } = {
  AccessDenied: (f) =>
    error(
      'AccessDeniedException',
      `User: ${f.principal} is not authorized to perform: ${f.action} on resource: ${f.resource} ${f.reason}`,
    ),
  AccessKeyUnknown: () =>
    error('UnrecognizedClientException', 'The security token included in the request is invalid.'),
  BlobExists: (f) =>
    error(
      'LayerAlreadyExistsException',
      `Layer with digest '${f.digest}' already exists in ${repositoryInRegistry(f)}`,
    ),
  BlobReferenced: (f) => error('InvalidParameterException', `The layer with digest ${f.digest} belongs to an image`),
  BlobUnknown: (f) =>
    error(
      'LayersNotFoundException',
      `The layer with digest ${f.digest} does not exist within ${repositoryInTheRegistry(f)}`,
    ),
  BodyTooLarge: (f) => ({
    ...error('RequestEntityTooLargeException', `The request is larger than ${f.bytesMax} bytes`),
    status: 413,
  }),
  ClientGone: (f) => error('RequestAbortedException', f.reason),
  DigestInvalid: (f) =>
    invalid('imageDigest', `Member must be sha256: and 64 hexadecimal digits, or sha512: and 128, and not ${f.digest}`),
  DigestMismatch: () =>
    error('InvalidLayerException', 'None of the provided layer digests match the calculated layer digest'),
  ImageDigestMismatch: (f) =>
    error(
      'ImageDigestDoesNotMatchException',
      `The image with digest '${f.declared}' in repository '${f.repository}' and registry ID '${f.registry}' does not match the image digest that Amazon ECR has calculated.`,
    ),
  ImageExists: (f) =>
    error(
      'ImageAlreadyExistsException',
      `Image with digest '${f.digest}' ${f.tag === undefined ? '' : `and tag '${f.tag}' `}already exists in ${repositoryInRegistry(f)}`,
    ),
  ImageTagMismatch: (f) =>
    error(
      'ImageNotFoundException',
      `The image with imageId {imageDigest:'${f.digest}', imageTag:'${f.tag}'} does not exist within ${repositoryInTheRegistry(f)}`,
    ),
  ImageReferenced: (f) =>
    error(
      'ImageReferencedByManifestListException',
      `Requested image referenced by manifest list: [${f.parents.join(', ')}]`,
    ),
  ImageUnknown: (f) =>
    error(
      'ImageNotFoundException',
      `The image with imageId {imageDigest:'${f.digest ?? 'null'}', imageTag:'${f.tag ?? 'null'}'} does not exist within ${repositoryInTheRegistry(f)}`,
    ),
  ImagesPerRepositoryExceeded: (f) =>
    error(
      'LimitExceededException',
      `${capital(repositoryInRegistry(f))} already has the maximum allowed number of images which is '${f.imagesMax}'`,
    ),
  LogoInvalid: (f) => invalid('catalogData.logoImageBlob', f.reason),
  ManifestInvalid: (f) => invalid('ImageManifest', 'Invalid JSON syntax', f.isSyntax ? undefined : f.reason),
  ManifestTooLarge: (f) => invalid('imageManifest', `Member must have length less than or equal to ${f.bytesMax}`),
  MediaTypeInvalid: (f) =>
    invalid('imageManifestMediaType', `Member must be the media type of the manifest: '${f.mediaType}': ${f.reason}`),
  MethodUnsupported: () => error('UnknownOperationException', ''),
  NameInvalid: (f) => invalid('repositoryName', f.reason),
  OperationUnknown: () => error('UnknownOperationException', ''),
  PolicyInvalid: (f) =>
    invalid('PolicyText', 'Invalid repository policy provided', f.path === '' ? f.reason : `${f.path}: ${f.reason}`),
  PolicyLocksOut: (f) =>
    invalid(
      'PolicyText',
      'Invalid repository policy provided',
      `it would keep ${f.principal} from setting another; give force to set it all the same`,
    ),
  PolicyPrincipalUnknown: (f) => invalid('PolicyText', 'Principal not found', f.principal),
  PolicyUnknown: (f) =>
    error('RepositoryPolicyNotFoundException', `Repository policy does not exist for ${repositoryInTheRegistry(f)}`),
  PageTokenInvalid: () => error('InvalidParameterException', 'Invalid parameter at NextToken'),
  ParameterInvalid: (f) => invalid(f.path, f.constraint),
  RangeUnsatisfiable: (f) => error('InvalidParameterException', `The layer has ${f.bytes} bytes`),
  RateExceeded: () => error('ThrottlingException', 'Rate exceeded'),
  ReadOnly: () =>
    error('UnsupportedCommandException', 'The registry is read-only for now: it can be read and not changed.'),
  ReferencedBlobsUnknown: (f) =>
    error(
      'LayersNotFoundException',
      `Layers with digests '[${f.digests.join(', ')}]' required for pushing image into repository with name '${f.repository}' in the registry with id '${f.registry}' do not exist`,
    ),
  ReferencedImagesUnknown: (f) =>
    error(
      'ReferencedImagesNotFoundException',
      `Images with digests '[${f.digests.join(', ')}]' required for pushing image into repository with name '${f.repository}' in the registry with id '${f.registry}' do not exist`,
    ),
  RegistryUnknown: (f) => error('RegistryNotFoundException', `The registry with id '${f.registry}' does not exist`),
  RepositoriesExceeded: (f) =>
    error(
      'LimitExceededException',
      `The registry with id '${f.registry}' already has the maximum allowed number of repositories which is '${f.repositoriesMax}'`,
    ),
  RepositoryExists: (f) =>
    error(
      'RepositoryAlreadyExistsException',
      `The repository with name '${f.repository}' already exists in the registry with id '${f.registry}'`,
    ),
  RepositoryNotEmpty: (f) =>
    error(
      'RepositoryNotEmptyException',
      `The repository with name '${f.repository}' in registry with id '${f.registry}' cannot be deleted because it still contains images`,
    ),
  RepositoryUnknown: (f) =>
    error(
      'RepositoryNotFoundException',
      `The repository with name '${f.repository}' does not exist in the registry with id '${f.registry}'`,
    ),
  RequestMalformed: (f) => error('SerializationException', f.reason),
  ResourceArnInvalid: () => invalid('resourceArn', 'Invalid ARN'),
  ResourceTagInvalid: (f) => error('InvalidTagParameterException', f.reason),
  ResourceTagsExceeded: (f) =>
    error(
      'TooManyTagsException',
      `The resource '${f.resource}' has more than the maximum allowed number of tags which is '${f.tagsMax}'`,
    ),
  RouteUnknown: () => error('UnknownOperationException', ''),
  SerializationFailed: (f) => error('SerializationException', f.reason),
  SignatureIncomplete: (f) => error('IncompleteSignatureException', f.reason),
  SignatureInvalid: (f) => error('InvalidSignatureException', f.reason),
  SignatureMissing: () => error('MissingAuthenticationTokenException', 'Missing Authentication Token'),
  TagImmutable: (f) =>
    error(
      'ImageTagAlreadyExistsException',
      `The image tag '${f.tag}' already exists in the '${f.repository}' repository and cannot be overwritten because the repository is immutable.`,
    ),
  TagInvalid: () =>
    invalid('imageTag', 'Member must satisfy regular expression pattern: [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}'),
  TagsPerImageExceeded: (f) =>
    error(
      'LimitExceededException',
      `Adding tag '${f.tag}' to an image in ${repositoryInRegistry(f)} exceeds the maximum allowed number of tags per image which is '${f.tagsMax}'`,
    ),
  TokenInvalid: () => error('UnrecognizedClientException', 'The security token included in the request is invalid.'),
  Unauthenticated: () => error('MissingAuthenticationTokenException', 'Missing Authentication Token'),
  UploadEmpty: (f) =>
    error(
      'EmptyUploadException',
      `The upload with id '${f.upload}' in ${repositoryInRegistry(f)} cannot be completed because it does not have any parts.`,
    ),
  UploadOutOfOrder: (f) =>
    invalidPart(f, `First byte of the layer part is ${f.receivedOffset} instead of ${f.expectedOffset}`),
  UploadPartSizeInvalid: (f) => invalidPart(f, `The size of the layer part is invalid: ${f.reason}`),
  UploadPartTooSmall: (f) =>
    error(
      'LayerPartTooSmallException',
      `All layer parts except the last part should be at least ${f.partBytesMin / (1024 * 1024)}MB`,
    ),
  UploadPartsExceeded: (f) =>
    error(
      'LimitExceededException',
      `The upload with id '${f.upload}' in ${repositoryInRegistry(f)} already has the maximum allowed number of parts which is '${f.partsMax}'`,
    ),
  UploadTooLarge: (f) =>
    error('LimitExceededException', `The layer exceeds the maximum allowed size which is '${f.bytesMax}' bytes`),
  UploadUnknown: (f) =>
    error(
      'UploadNotFoundException',
      `The upload with id '${f.upload}' does not exist in ${repositoryInTheRegistry(f)}`,
    ),
}

/** What to tell a client of whatever was thrown. What is no refusal shows nothing of itself. */
export function describeEcrPublicError(thrown: unknown): EcrPublicError {
  if (thrown instanceof RegistryError) {
    const { code, facts } = thrown as Refusal
    return (rows[code] as (facts: unknown) => EcrPublicError)(facts)
  }
  // SDKs retry a 500 and a 503 alike; a full disk is no bug of ours.
  return isUnavailable(thrown)
    ? { status: 503, type: 'ServerException', message: 'The registry cannot do this now. Try again soon.' }
    : { status: 500, type: 'ServerException', message: 'These errors are usually caused by a server-side issue.' }
}

function error(type: string, message: string, members?: EcrPublicError['members']): EcrPublicError {
  return { status: 400, type, message, ...(members && { members }) }
}

/** The form of every complaint about a parameter; what ECR leaves unsaid may follow it. */
function invalid(path: string, constraint: string, detail?: string): EcrPublicError {
  const sentence = `Invalid parameter at '${path}' failed to satisfy constraint: '${constraint}'`
  return error('InvalidParameterException', detail === undefined ? sentence : `${sentence} (${detail})`)
}

function invalidPart(
  facts: RepositoryFacts & { readonly upload: string; readonly expectedOffset: number },
  message: string,
): EcrPublicError {
  return error('InvalidLayerPartException', message, {
    registryId: facts.registry,
    repositoryName: facts.repository,
    uploadId: facts.upload,
    // Of an upload that has no bytes there is no last one.
    ...(facts.expectedOffset > 0 && { lastValidByteReceived: facts.expectedOffset - 1 }),
  })
}

// ECR writes "in registry" in some sentences and "in the registry" in others.

function repositoryInRegistry({ repository, registry }: RepositoryFacts): string {
  return `the repository with name '${repository}' in registry with id '${registry}'`
}

function repositoryInTheRegistry({ repository, registry }: RepositoryFacts): string {
  return `the repository with name '${repository}' in the registry with id '${registry}'`
}

function capital(sentence: string): string {
  return sentence.charAt(0).toUpperCase() + sentence.slice(1)
}
