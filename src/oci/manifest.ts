import { refuse } from '../errors.ts'
import { JsonInvalid, parseStrictJson } from '../lib/strict-json.ts'
import { type Digest, type DigestAlgorithm, digestOf, isDigest } from './digest.ts'
import { isNonDistributable, mediaTypes, parseMediaType } from './media-types.ts'

/** OCI image-spec "Content Descriptors", as far as a registry cares. */
export interface Descriptor {
  readonly mediaType: string
  readonly digest: Digest
  readonly size: number
}

/**
 * A manifest as it arrived: the exact bytes, their digest, and what they say. Parsed to be checked and never
 * serialised again, so whoever pulls it gets what was pushed.
 */
export interface Manifest {
  readonly bytes: Uint8Array
  readonly digest: Digest
  readonly mediaType: string
  /**
   * `image` needs its blobs in the repository, `index` its child manifests. `opaque` is any JSON of a media type we do
   * not know: kept as it is, needing nothing.
   */
  readonly kind: 'image' | 'index' | 'opaque'
  /** Descriptors of blobs that must be in the repository: config and layers, without those to be fetched elsewhere. */
  readonly blobs: readonly Descriptor[]
  /** Descriptors of manifests that must be in the repository: an index's children. */
  readonly children: readonly Descriptor[]
  /** The manifest this one is about. It need not exist. (OCI image-spec 1.1, "subject") */
  readonly subject: Digest | undefined
  /** The type of what is inside, as OCI 1.1 defines it: `artifactType`, or else the config's media type. */
  readonly artifactType: string | undefined
  /** The config descriptor's media type: ECR's `artifactMediaType`. */
  readonly configMediaType: string | undefined
  /** Sum of the config's and layers' sizes in bytes, as the manifest states them; 0 for an index. */
  readonly contentBytes: number
}

/** ECR Public's limit and the distribution specification's recommendation: 4 MiB. */
export const manifestBytesMax = 4 * 1024 * 1024
export const manifestDepthMax = 64

/**
 * Check a manifest. The media type is `declared` (an API parameter or a Content-Type), else the document's own
 * `mediaType`; when both are given they must agree, so that nobody is made to read an index as an image
 * (CVE-2021-41190).
 *
 * Refuses `ManifestTooLarge`, `ManifestInvalid`, `MediaTypeInvalid`.
 */
export function parseManifest(
  bytes: Uint8Array,
  declared: string | undefined,
  algorithm: DigestAlgorithm = 'sha256',
): Manifest {
  if (bytes.length > manifestBytesMax) throw refuse('ManifestTooLarge', { bytesMax: manifestBytesMax })
  const document = parseDocument(bytes)
  const mediaType = agreedMediaType(document, declared)
  return { bytes, digest: digestOf(bytes, algorithm), mediaType, ...readContent(document, mediaType) }
}

/** The annotations of a manifest that `parseManifest` has accepted. */
export function readAnnotations(bytes: Uint8Array): Readonly<Record<string, unknown>> | undefined {
  const { annotations } = parseDocument(bytes)
  return isObject(annotations) ? annotations : undefined
}

type Document = Readonly<Record<string, unknown>>
type Content = Omit<Manifest, 'bytes' | 'digest' | 'mediaType'>

function parseDocument(bytes: Uint8Array): Document {
  let document: unknown
  try {
    document = parseStrictJson(bytes, { depthMax: manifestDepthMax })
  } catch (error) {
    if (!(error instanceof JsonInvalid)) throw error
    throw refuse('ManifestInvalid', { reason: error.reason, isSyntax: true }, { cause: error })
  }
  if (!isObject(document)) throw malformed('the document is not a JSON object')
  return document
}

function agreedMediaType(document: Document, declared: string | undefined): string {
  const stated = document.mediaType
  if (stated !== undefined && typeof stated !== 'string') throw malformed('mediaType is not a string')
  const own = stated === undefined ? undefined : parseMediaType(stated)
  const given = declared === undefined ? undefined : parseMediaType(declared)
  if (own !== undefined && given !== undefined && own !== given) {
    throw refuse('MediaTypeInvalid', { mediaType: given, reason: `the manifest states mediaType '${own}'` })
  }
  const mediaType = given ?? own
  if (mediaType === undefined) {
    throw malformed('no media type: the manifest has no mediaType, and none was given beside it')
  }
  return mediaType
}

function readContent(document: Document, mediaType: string): Content {
  if ('manifests' in document && ('layers' in document || 'config' in document)) {
    throw malformed('has both the fields of an index (manifests) and of an image (config, layers)')
  }
  switch (mediaType) {
    case mediaTypes.ociManifest:
    case mediaTypes.dockerManifest:
      return readImage(document)
    case mediaTypes.ociIndex:
    case mediaTypes.dockerManifestList:
      return readIndex(document)
    case mediaTypes.ociArtifact:
      return readArtifact(document)
    default:
      return readOpaque(document)
  }
}

function readImage(document: Document): Content {
  requireSchemaVersion2(document)
  const config = readDescriptor(document.config, 'config')
  const layers = readDescriptors(document.layers, 'layers')
  return {
    kind: 'image',
    blobs: [config, ...layers].filter((blob) => !isNonDistributable(blob.mediaType)),
    children: [],
    subject: readSubject(document),
    artifactType: readArtifactType(document) ?? config.mediaType,
    configMediaType: config.mediaType,
    contentBytes: sumOfSizes([config, ...layers]),
  }
}

function readIndex(document: Document): Content {
  requireSchemaVersion2(document)
  return {
    kind: 'index',
    blobs: [],
    children: readDescriptors(document.manifests, 'manifests'),
    subject: readSubject(document),
    artifactType: readArtifactType(document),
    configMediaType: undefined,
    contentBytes: 0,
  }
}

function readArtifact(document: Document): Content {
  const blobs = document.blobs === undefined ? [] : readDescriptors(document.blobs, 'blobs')
  return {
    kind: 'image',
    blobs,
    children: [],
    subject: readSubject(document),
    artifactType: readArtifactType(document),
    configMediaType: undefined,
    contentBytes: sumOfSizes(blobs),
  }
}

function readOpaque(document: Document): Content {
  return {
    kind: 'opaque',
    blobs: [],
    children: [],
    subject: readSubject(document),
    artifactType: readArtifactType(document),
    configMediaType: undefined,
    contentBytes: 0,
  }
}

function requireSchemaVersion2(document: Document): void {
  if (document.schemaVersion !== 2) throw malformed('schemaVersion is not 2')
}

function readSubject(document: Document): Digest | undefined {
  return document.subject === undefined ? undefined : readDescriptor(document.subject, 'subject').digest
}

function readArtifactType(document: Document): string | undefined {
  const artifactType = document.artifactType
  if (artifactType === undefined || artifactType === '') return undefined
  if (typeof artifactType !== 'string') throw malformed('artifactType is not a string')
  return artifactType
}

function readDescriptors(value: unknown, path: string): Descriptor[] {
  // `null` is what Go's encoder makes of an empty list, and clients written in Go have pushed it.
  if (value === null) return []
  if (!Array.isArray(value)) throw malformed(`${path} is not a list`)
  return value.map((item, index) => readDescriptor(item, `${path}[${index}]`))
}

function readDescriptor(value: unknown, path: string): Descriptor {
  if (!isObject(value)) throw malformed(`${path} is not a descriptor`)
  const { mediaType, digest, size } = value
  if (typeof mediaType !== 'string' || mediaType === '') throw malformed(`${path}.mediaType is not a string`)
  if (!isDigest(digest)) throw malformed(`${path}.digest is not a digest`)
  if (!Number.isSafeInteger(size) || (size as number) < 0) throw malformed(`${path}.size is not a size in bytes`)
  return { mediaType, digest, size: size as number }
}

function sumOfSizes(descriptors: readonly Descriptor[]): number {
  const sum = descriptors.reduce((total, descriptor) => total + descriptor.size, 0)
  if (!Number.isSafeInteger(sum)) throw malformed('the sizes add up to more than 2^53 bytes')
  return sum
}

function isObject(value: unknown): value is Document {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function malformed(reason: string) {
  return refuse('ManifestInvalid', { reason, isSyntax: false })
}
