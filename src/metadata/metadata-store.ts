import type { BlobKey } from '../blobs/blob-store.ts'
import type { Digest } from '../oci/digest.ts'
import type { Reference, Tag } from '../oci/reference.ts'
import type { Alias, RepositoryName } from '../oci/repository-name.ts'

/**
 * Facts and transactions: the only truth about what exists. All times are milliseconds since the epoch.
 *
 * `find…` answers `undefined` for what is not there; `list…` answers in the order of its key, from after `after`, at
 * most `limit` rows.
 */
export interface MetadataStore extends AsyncDisposable {
  /** Queries outside any transaction. Each sees what was committed when it ran. */
  readonly view: MetadataView

  /**
   * Run `change` as one transaction: all of it happens or none.
   *
   * The promise settles, either way, only when everything `change` did *and saw* is durable, so an answer built on it
   * ("pushed", "is there already") survives a power cut. `change` may be run again when it collided with another
   * writer: it must have no effect but through `tx`. It awaits nothing but `tx`'s own methods, and `tx` is dead once
   * it has returned.
   *
   * @throws MetadataStoreUnavailable when the store cannot take writes; whatever `change` throws
   */
  write<T>(change: (tx: MetadataTransaction) => Promise<T>): Promise<T>
}

/** The store cannot answer now and may later. Nothing acknowledged was lost. */
export class MetadataStoreUnavailable extends Error {
  override readonly name = 'MetadataStoreUnavailable'
}

/** A row with this key is there already. */
export class KeyTaken extends Error {
  override readonly name = 'KeyTaken'
}

export interface MetadataView {
  readonly accounts: AccountsView
  readonly accessKeys: AccessKeysView
  readonly signingKeys: SigningKeysView
  readonly repositories: RepositoriesView
  readonly manifests: ManifestsView
  readonly tags: TagsView
  readonly blobs: BlobsView
  readonly uploads: UploadsView
  readonly discards: DiscardsView
}

export interface MetadataTransaction extends MetadataView {
  readonly accounts: AccountsTransaction
  readonly accessKeys: AccessKeysTransaction
  readonly signingKeys: SigningKeysTransaction
  readonly repositories: RepositoriesTransaction
  readonly manifests: ManifestsTransaction
  readonly tags: TagsTransaction
  readonly blobs: BlobsTransaction
  readonly uploads: UploadsTransaction
  readonly discards: DiscardsTransaction
}

/** An account: one registry, known to clients by its aliases. */
export interface AccountRecord {
  /** Twelve digits: ECR's registryId. */
  readonly id: string
  /** Whether a push by the owner to an unknown repository creates it. */
  readonly createsOnPush: boolean
  readonly createdAt: number
}

export interface AliasRecord {
  readonly alias: Alias
  readonly accountId: string
  /** The one alias shown in URIs. Each account that has aliases has exactly one. */
  readonly isPrimary: boolean
}

export interface AccountsView {
  list(page: Page<string>): Promise<AccountRecord[]>
  find(accountId: string): Promise<AccountRecord | undefined>
  findByAlias(alias: Alias): Promise<AccountRecord | undefined>
  listAliases(accountId: string): Promise<AliasRecord[]>
}

export interface AccountsTransaction extends AccountsView {
  /** @throws KeyTaken */
  insert(account: AccountRecord): Promise<void>
  /** @throws KeyTaken */
  insertAlias(alias: AliasRecord & { readonly createdAt: number }): Promise<void>
}

export interface UserRecord {
  readonly id: string
  readonly accountId: string
  readonly name: string
  /** The account's root user may do everything within the account. */
  readonly isRoot: boolean
  readonly createdAt: number
}

export interface AccessKeyRecord {
  readonly id: string
  readonly userId: string
  /** The secret, sealed by `auth/secret-box.ts`. */
  readonly sealedSecret: Uint8Array
  readonly isEnabled: boolean
  readonly createdAt: number
}

export interface AccessKeysView {
  /** The key with its user, enabled or not. */
  find(accessKeyId: string): Promise<{ readonly key: AccessKeyRecord; readonly user: UserRecord } | undefined>
}

export interface AccessKeysTransaction extends AccessKeysView {
  /** @throws KeyTaken */
  insertUser(user: UserRecord): Promise<void>
  /** @throws KeyTaken */
  insert(key: AccessKeyRecord): Promise<void>
}

/** A secret that signs our tokens. */
export interface SigningKeyRecord {
  readonly id: string
  readonly sealedSecret: Uint8Array
  readonly createdAt: number
}

export interface SigningKeysView {
  /** Newest first. */
  list(): Promise<SigningKeyRecord[]>
}

export interface SigningKeysTransaction extends SigningKeysView {
  insert(key: SigningKeyRecord): Promise<void>
}

/** How a caller names a registry: by account id or by alias. */
export type RegistryAddress =
  | { readonly kind: 'account'; readonly accountId: string }
  | { readonly kind: 'alias'; readonly alias: Alias }

export interface RepositoryAddress {
  readonly registry: RegistryAddress
  readonly name: RepositoryName
}

export interface RepositoryRecord {
  readonly id: number
  readonly accountId: string
  readonly name: RepositoryName
  readonly createdAt: number
  /** Only those whom a policy allows may pull. ECR Public has no such thing. */
  readonly isPrivate: boolean
  /** A tag once set cannot be moved. ECR Public has no such thing. */
  readonly hasImmutableTags: boolean
  readonly imageCount: number
}

export interface Page<Key> {
  readonly after: Key | undefined
  readonly limit: number
}

export interface RepositoriesView {
  find(address: RepositoryAddress): Promise<RepositoryRecord | undefined>
  list(accountId: string, page: Page<RepositoryName>): Promise<RepositoryRecord[]>
  count(accountId: string): Promise<number>
}

export interface RepositoriesTransaction extends RepositoriesView {
  /** @throws KeyTaken when the account has a repository of this name */
  insert(repository: RepositoryRecord): Promise<void>
  setSettings(repositoryId: number, settings: Pick<RepositoryRecord, 'isPrivate' | 'hasImmutableTags'>): Promise<void>
}

export interface ManifestRecord {
  readonly digest: Digest
  readonly mediaType: string
  readonly artifactType: string | undefined
  readonly configMediaType: string | undefined
  readonly subject: Digest | undefined
  /** Bytes of config and layers; for an index, of the largest child. */
  readonly contentBytes: number
  readonly pushedAt: number
  /** The very bytes that were pushed. */
  readonly payload: Uint8Array
}

export type ManifestSummary = Omit<ManifestRecord, 'payload'>

export interface BlobReference {
  readonly digest: Digest
  readonly mediaType: string
}

export interface ManifestsView {
  /** A repository and the manifest it has under `reference`, in one query: the hot path of every pull. */
  findIn(
    address: RepositoryAddress,
    reference: Reference,
  ): Promise<{ readonly repository: RepositoryRecord; readonly manifest: ManifestRecord | undefined } | undefined>
  find(repositoryId: number, digest: Digest): Promise<ManifestRecord | undefined>
  /** Without payloads, by digest. */
  list(repositoryId: number, page: Page<Digest>): Promise<ManifestSummary[]>
  /** Those of `digests` that the repository has. */
  listAmong(repositoryId: number, digests: readonly Digest[]): Promise<ManifestSummary[]>
}

export interface ManifestsTransaction extends ManifestsView {
  /** @throws KeyTaken */
  insert(
    repositoryId: number,
    manifest: ManifestRecord,
    references: { readonly blobs: readonly BlobReference[]; readonly children: readonly Digest[] },
  ): Promise<void>
}

export interface TagRecord {
  readonly tag: Tag
  readonly digest: Digest
  readonly movedAt: number
}

export interface TagsView {
  find(repositoryId: number, tag: Tag): Promise<TagRecord | undefined>
  /** In the order of their UTF-8 bytes. */
  list(repositoryId: number, page: Page<string>): Promise<TagRecord[]>
  /** The tags that point at any of `digests`. */
  listOf(repositoryId: number, digests: readonly Digest[]): Promise<TagRecord[]>
  countOf(repositoryId: number, digest: Digest): Promise<number>
}

export interface TagsTransaction extends TagsView {
  /** Point a tag at a manifest, wherever it pointed before. */
  set(repositoryId: number, tag: TagRecord): Promise<void>
}

/** A content that is stored once, however many repositories link it. */
export interface BlobRecord {
  readonly digest: Digest
  readonly bytes: number
  readonly key: BlobKey
  readonly createdAt: number
}

export interface LinkedBlob extends BlobRecord {
  /** The media type under which a manifest of the repository refers to it, if one does. */
  readonly mediaType: string | undefined
}

export interface BlobsView {
  /** A repository and the blob it links under `digest`, in one query: the hot path of every pull. */
  findIn(
    address: RepositoryAddress,
    digest: Digest,
  ): Promise<{ readonly repository: RepositoryRecord; readonly blob: BlobRecord | undefined } | undefined>
  /** Those of `digests` that the repository links. */
  listLinked(repositoryId: number, digests: readonly Digest[]): Promise<LinkedBlob[]>
  /** Stored at all, in whichever repository. Says nothing about who may read it. */
  find(digest: Digest): Promise<BlobRecord | undefined>
}

export interface BlobsTransaction extends BlobsView {
  /** @throws KeyTaken */
  insert(blob: BlobRecord): Promise<void>
  /** Let a repository serve a stored blob. Linking twice is success. */
  link(repositoryId: number, digest: Digest, now: number): Promise<void>
}

export interface UploadRecord {
  readonly id: string
  readonly repositoryId: number
  readonly key: BlobKey
  /** Bytes held and acknowledged; the offset at which the next byte belongs. */
  readonly offset: number
  readonly partCount: number
  readonly lastPartBytes: number
  /** The size of the smallest part that is not the last; `undefined` until there are two. */
  readonly smallestInnerPartBytes: number | undefined
  readonly createdAt: number
  /** When bytes were last acknowledged: what the idle limit counts from. */
  readonly touchedAt: number
}

export interface UploadsView {
  find(uploadId: string): Promise<UploadRecord | undefined>
  /** Those not touched since `before`, longest first. */
  listIdle(before: number, limit: number): Promise<UploadRecord[]>
}

export interface UploadsTransaction extends UploadsView {
  insert(upload: UploadRecord): Promise<void>
  /** Record progress made from `from`. False, and nothing changed, unless the upload is still at `from`. */
  advance(
    upload: Pick<
      UploadRecord,
      'id' | 'offset' | 'partCount' | 'lastPartBytes' | 'smallestInnerPartBytes' | 'touchedAt'
    >,
    from: number,
  ): Promise<boolean>
  /** False when it was gone already. */
  remove(uploadId: string): Promise<boolean>
}

/** A stored object that no row names any more. Its bytes are deleted first, then this row. */
export interface DiscardRecord {
  readonly key: BlobKey
  readonly notBefore: number
}

export interface DiscardsView {
  listDue(now: number, limit: number): Promise<DiscardRecord[]>
}

export interface DiscardsTransaction extends DiscardsView {
  insert(discard: DiscardRecord): Promise<void>
  remove(key: BlobKey): Promise<void>
}
