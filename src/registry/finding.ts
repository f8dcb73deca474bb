import type { BlobKey } from '../blobs/blob-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Tag } from '../oci/reference.ts'

/**
 * Everything that `check` can find, with the facts. Repositories are spelled `<alias>/<name>`, by the primary alias, or
 * `<account id>/<name>` where there is none.
 */
export interface Findings {
  /** Nothing names the object. */
  ObjectStray: {
    readonly key: BlobKey
    readonly bytes: number
    readonly isSealed: boolean
    readonly modifiedAt: number
  }
  /** There is no sealed object where a blob's bytes should be. */
  BlobMissing: BlobFacts
  BlobSizeWrong: BlobFacts & { readonly storedBytes: number }
  /** The bytes are others than those that were pushed. */
  BlobDamaged: BlobFacts & { readonly computed: Digest }
  BlobUnreadable: BlobFacts & { readonly reason: string }
  /** The blob's object is about to be deleted. */
  BlobCondemned: BlobFacts
  /** No repository links the blob, and no review will collect it. */
  BlobForgotten: { readonly digest: Digest; readonly bytes: number }
  /** An upload has acknowledged more bytes than its object holds. */
  UploadShort: { readonly upload: string; readonly key: BlobKey; readonly offset: number }
  /** A repository links a blob that is not stored. */
  LinkDangling: InRepository & { readonly digest: Digest }
  /** No image of the repository refers to the blob that it links, and no review will take the link away. */
  LinkForgotten: InRepository & { readonly digest: Digest }
  /** An image refers to a blob that its repository does not link. */
  ReferenceDangling: InRepository & { readonly manifest: Digest; readonly digest: Digest; readonly isStored: boolean }
  /** An image refers to a blob or an image, and the database does not know: it could be collected. */
  ReferenceUnrecorded: InRepository & { readonly manifest: Digest; readonly digest: Digest }
  /** What is on record of an image that is neither there nor to be brought back. */
  ReferenceForgotten: InRepository & { readonly manifest: Digest }
  /** An index refers to an image that is not there. */
  ChildMissing: InRepository & { readonly manifest: Digest; readonly digest: Digest; readonly isRestorable: boolean }
  /** A deleted image that lacks a blob or a child cannot be brought back. */
  RestoreBroken: InRepository & { readonly manifest: Digest; readonly digest: Digest }
  /** A deleted image whose time will never be up: no review will let go of it. */
  DeletedImageForgotten: InRepository & { readonly manifest: Digest }
  /** The bytes of a manifest are others than those that were pushed. */
  ManifestDamaged: InRepository & { readonly manifest: Digest; readonly computed: Digest; readonly isDeleted: boolean }
  TagDangling: InRepository & { readonly tag: Tag; readonly digest: Digest }
  ImageCountWrong: InRepository & { readonly recorded: number; readonly counted: number }
}

interface InRepository {
  readonly repositoryId: number
  readonly repository: string
}

interface BlobFacts {
  readonly digest: Digest
  readonly key: BlobKey
  /** On record. */
  readonly bytes: number
  /** Some of those that link it, or all if they are few. */
  readonly repositories: readonly string[]
}

export type FindingCode = keyof Findings

export type Finding = {
  readonly [Code in FindingCode]: { readonly code: Code } & Findings[Code]
}[FindingCode]

/**
 * `broken`: somebody cannot get what they pushed, or is told what is not so. `wasted`: something is kept that nobody
 * needs, and nothing else is wrong.
 */
export type Harm = 'broken' | 'wasted'

interface Row<Code extends FindingCode> {
  readonly harm: Harm
  readonly sentence: (facts: Findings[Code]) => string
}

const rows: { readonly [Code in FindingCode]: Row<Code> } = {
  ObjectStray: {
    harm: 'wasted',
    sentence: (f) => `nothing names the object ${f.key} (${f.bytes} bytes${f.isSealed ? '' : ', unfinished'})`,
  },
  BlobMissing: { harm: 'broken', sentence: (f) => `${blob(f)} has no object: ${f.key} is not there` },
  BlobSizeWrong: {
    harm: 'broken',
    sentence: (f) => `${blob(f)} has ${f.bytes} bytes, and its object ${f.key} has ${f.storedBytes}`,
  },
  BlobDamaged: { harm: 'broken', sentence: (f) => `${blob(f)} is damaged: its object ${f.key} is ${f.computed}` },
  BlobUnreadable: {
    harm: 'broken',
    sentence: (f) => `${blob(f)} cannot be read from its object ${f.key}: ${f.reason}`,
  },
  BlobCondemned: { harm: 'broken', sentence: (f) => `${blob(f)} is there, and its object ${f.key} is to be deleted` },
  BlobForgotten: {
    harm: 'wasted',
    sentence: (f) => `no repository links the blob ${f.digest} (${f.bytes} bytes), and nothing will collect it`,
  },
  UploadShort: {
    harm: 'broken',
    sentence: (f) => `the upload ${f.upload} has acknowledged ${f.offset} bytes, and its object ${f.key} holds fewer`,
  },
  LinkDangling: { harm: 'broken', sentence: (f) => `${f.repository} links the blob ${f.digest}, which is not stored` },
  LinkForgotten: {
    harm: 'wasted',
    sentence: (f) => `no image of ${f.repository} refers to the blob ${f.digest}, and nothing will collect it`,
  },
  ReferenceDangling: {
    harm: 'broken',
    sentence: (f) => `${f.repository}@${f.manifest} needs the blob ${f.digest}, which its repository does not have`,
  },
  ReferenceUnrecorded: {
    harm: 'broken',
    sentence: (f) => `${f.repository}@${f.manifest} needs ${f.digest}, and the database does not know`,
  },
  ReferenceForgotten: {
    harm: 'wasted',
    sentence: (f) => `${f.repository}@${f.manifest} is gone, and what it referred to is still held for it`,
  },
  ChildMissing: {
    harm: 'broken',
    sentence: (f) =>
      `the index ${f.repository}@${f.manifest} needs ${f.digest}, which ${f.isRestorable ? 'is deleted and can be brought back' : 'is not there'}`,
  },
  RestoreBroken: {
    harm: 'broken',
    sentence: (f) => `the deleted ${f.repository}@${f.manifest} cannot be brought back: it needs ${f.digest}`,
  },
  DeletedImageForgotten: {
    harm: 'wasted',
    sentence: (f) => `the deleted ${f.repository}@${f.manifest} is kept for ever: nothing will let go of it`,
  },
  ManifestDamaged: {
    harm: 'broken',
    sentence: (f) => `the manifest ${f.repository}@${f.manifest} is damaged: its bytes are ${f.computed}`,
  },
  TagDangling: {
    harm: 'broken',
    sentence: (f) => `the tag ${f.repository}:${f.tag} is on ${f.digest}, which is not there`,
  },
  ImageCountWrong: {
    harm: 'broken',
    sentence: (f) => `${f.repository} is said to have ${f.recorded} images, and has ${f.counted}`,
  },
}

export function harmOf({ code }: Finding): Harm {
  return rows[code].harm
}

/** A finding as a person reads it. */
export function describeFinding(finding: Finding): string {
  return (rows[finding.code].sentence as (facts: Finding) => string)(finding)
}

function blob({ digest, repositories }: BlobFacts): string {
  const where = repositories.length === 0 ? 'no repository' : repositories.join(', ')
  return `the blob ${digest} (in ${where})`
}
