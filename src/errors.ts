/**
 * Everything Waybill can refuse, with the facts a caller needs to act.
 *
 * A refusal knows nothing of protocols: `http/oci/errors.ts` and `http/ecr-public/errors.ts` each hold one table that
 * turns a code into their wire form, and neither compiles until it has a row for every code. What is not a refusal
 * (a bug, a store that cannot answer) is not listed here and never reaches a client with its message.
 */

/** The repository a refusal is about: its name, and its registry as the caller spelled it (account id or alias). */
export interface RepositoryFacts {
  readonly repository: string
  readonly registry: string
}

export interface Refusals {
  AccessDenied: {
    readonly principal: string
    readonly action: string
    readonly resource: string
    readonly reason: string
  }
  AccessKeyUnknown: { readonly accessKeyId: string }
  BlobExists: RepositoryFacts & { readonly digest: string }
  /** A manifest of the repository needs the blob. */
  BlobReferenced: RepositoryFacts & { readonly digest: string }
  BlobUnknown: RepositoryFacts & { readonly digest: string }
  BodyTooLarge: { readonly bytesMax: number }
  DigestInvalid: { readonly digest: string }
  DigestMismatch: { readonly declared: readonly string[]; readonly computed: string }
  /** The request was still being read when its client went away or fell silent. */
  ClientGone: { readonly reason: string }
  ImageDigestMismatch: RepositoryFacts & { readonly declared: string; readonly computed: string }
  ImageExists: RepositoryFacts & { readonly digest: string; readonly tag: string | undefined }
  /** The tag is not on the digest it was given with. */
  ImageTagMismatch: RepositoryFacts & { readonly digest: string; readonly tag: string }
  /** The image is a child of these indexes. */
  ImageReferenced: RepositoryFacts & { readonly digest: string; readonly parents: readonly string[] }
  ImageUnknown: RepositoryFacts & { readonly digest: string | undefined; readonly tag: string | undefined }
  ImagesPerRepositoryExceeded: RepositoryFacts & { readonly imagesMax: number }
  /** A logo that cannot be shown. */
  LogoInvalid: { readonly reason: string }
  ManifestInvalid: { readonly reason: string; readonly isSyntax: boolean }
  ManifestTooLarge: { readonly bytesMax: number }
  MediaTypeInvalid: { readonly mediaType: string; readonly reason: string }
  MethodUnsupported: { readonly method: string; readonly path: string }
  NameInvalid: { readonly name: string; readonly reason: string }
  OperationUnknown: { readonly operation: string }
  /** A policy that cannot be read; `path` leads to where it goes wrong. */
  PolicyInvalid: { readonly reason: string; readonly path: string }
  /** A policy that would keep its author from setting another. */
  PolicyLocksOut: RepositoryFacts & { readonly principal: string }
  PolicyPrincipalUnknown: { readonly principal: string }
  PolicyUnknown: RepositoryFacts
  PageTokenInvalid: { readonly token: string }
  /** A member of an API request that breaks its constraint; `constraint` is ECR's own wording. */
  ParameterInvalid: { readonly path: string; readonly constraint: string }
  RangeUnsatisfiable: { readonly bytes: number }
  /** The caller does this too often: there are limits only where they were set. */
  RateExceeded: { readonly retryAfterMs: number }
  /** The registry takes no changes for now. */
  ReadOnly: Record<never, never>
  ReferencedBlobsUnknown: RepositoryFacts & { readonly digests: readonly string[] }
  ReferencedImagesUnknown: RepositoryFacts & { readonly digests: readonly string[] }
  RegistryUnknown: { readonly registry: string }
  RepositoriesExceeded: { readonly registry: string; readonly repositoriesMax: number }
  RepositoryExists: RepositoryFacts
  RepositoryNotEmpty: RepositoryFacts
  RepositoryUnknown: RepositoryFacts
  RequestMalformed: { readonly reason: string }
  RouteUnknown: { readonly path: string }
  SerializationFailed: { readonly reason: string }
  SignatureIncomplete: { readonly reason: string }
  SignatureInvalid: { readonly reason: string }
  SignatureMissing: Record<never, never>
  ResourceArnInvalid: { readonly arn: string }
  ResourceTagInvalid: { readonly key: string; readonly reason: string }
  ResourceTagsExceeded: { readonly resource: string; readonly tagsMax: number }
  TagImmutable: RepositoryFacts & { readonly tag: string }
  TagInvalid: { readonly tag: string }
  TagsPerImageExceeded: RepositoryFacts & { readonly tag: string; readonly tagsMax: number }
  TokenInvalid: { readonly reason: string }
  /** A credential is needed and none was given, or the token given does not cover the request. */
  Unauthenticated: { readonly reason: string }
  UploadEmpty: RepositoryFacts & { readonly upload: string }
  UploadOutOfOrder: RepositoryFacts & {
    readonly upload: string
    /** The offset at which the next byte belongs: the number of bytes held so far. */
    readonly expectedOffset: number
    readonly receivedOffset: number
  }
  UploadPartSizeInvalid: RepositoryFacts & {
    readonly upload: string
    readonly expectedOffset: number
    readonly reason: string
  }
  UploadPartTooSmall: { readonly partBytesMin: number }
  UploadPartsExceeded: RepositoryFacts & { readonly upload: string; readonly partsMax: number }
  UploadTooLarge: { readonly bytesMax: number }
  UploadUnknown: RepositoryFacts & { readonly upload: string }
}

export type RefusalCode = keyof Refusals

export class RegistryError<Code extends RefusalCode = RefusalCode> extends Error {
  override readonly name = 'RegistryError'
  readonly code: Code
  readonly facts: Refusals[Code]

  constructor(code: Code, facts: Refusals[Code], options?: ErrorOptions) {
    super(`${code} ${JSON.stringify(facts)}`, options)
    this.code = code
    this.facts = facts
  }
}

/** A union that narrows on `code`, as a class with a type parameter does not. */
export type Refusal = { [Code in RefusalCode]: RegistryError<Code> }[RefusalCode]

export function refuse<Code extends RefusalCode>(
  code: Code,
  facts: Refusals[Code],
  options?: ErrorOptions,
): RegistryError<Code> {
  return new RegistryError(code, facts, options)
}

/** True for a refusal with this very code; any other error, or another refusal, is false. */
export function isRefusal<Code extends RefusalCode>(thrown: unknown, code: Code): thrown is RegistryError<Code> {
  return thrown instanceof RegistryError && thrown.code === code
}
