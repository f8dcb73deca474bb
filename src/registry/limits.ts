/** Everything the registry bounds. The defaults are the quotas of ECR Public (its user guide, "Service quotas"). */
export interface RegistryLimits {
  readonly repositoriesMax: number
  readonly imagesPerRepositoryMax: number
  readonly tagsPerImageMax: number
  readonly layerBytesMax: number
  /** Parts of one upload, through the API. */
  readonly partsMax: number
  /** Every part but the last, through the API. */
  readonly partBytesMin: number
  /** What may be garbage is looked at no sooner than this: the time a push has between its blobs and its manifest. */
  readonly collectGraceMs: number
  /** A deleted image can be brought back for this long. */
  readonly deletedKeepMs: number
  /** An upload nobody touched for this long is abandoned. */
  readonly uploadIdleMsMax: number
  /** Uploads whose running digest is kept in memory; the others are read back when they go on. */
  readonly runningDigestsMax: number
}

export const defaultLimits: RegistryLimits = {
  repositoriesMax: 10_000,
  imagesPerRepositoryMax: 100_000,
  tagsPerImageMax: 1_000,
  layerBytesMax: 10_000 * 1024 * 1024,
  partsMax: 1_000,
  partBytesMin: 5 * 1024 * 1024,
  collectGraceMs: 24 * 60 * 60 * 1000,
  deletedKeepMs: 7 * 24 * 60 * 60 * 1000,
  uploadIdleMsMax: 24 * 60 * 60 * 1000,
  runningDigestsMax: 4_096,
}

/** The part size InitiateLayerUpload asks clients to use: 10 MiB. */
export const partBytesSuggested = 10 * 1024 * 1024

/** The largest part UploadLayerPart takes: 20 MiB, by the service model. */
export const partBytesMax = 20 * 1024 * 1024
