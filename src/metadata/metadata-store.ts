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
  readonly users: UsersView
  readonly accessKeys: AccessKeysView
  readonly signingKeys: SigningKeysView
  readonly repositories: RepositoriesView
  readonly catalog: CatalogView
  readonly manifests: ManifestsView
  readonly deletedManifests: DeletedManifestsView
  readonly tags: TagsView
  readonly tagHistory: TagHistoryView
  readonly blobs: BlobsView
  readonly uploads: UploadsView
  readonly reviews: ReviewsView
  readonly discards: DiscardsView
  readonly scan: ScanView
}

export interface MetadataTransaction extends MetadataView {
  readonly accounts: AccountsTransaction
  readonly users: UsersTransaction
  readonly accessKeys: AccessKeysTransaction
  readonly signingKeys: SigningKeysTransaction
  readonly repositories: RepositoriesTransaction
  readonly catalog: CatalogTransaction
  readonly manifests: ManifestsTransaction
  readonly deletedManifests: DeletedManifestsTransaction
  readonly tags: TagsTransaction
  readonly tagHistory: TagHistoryTransaction
  readonly blobs: BlobsTransaction
  readonly uploads: UploadsTransaction
  readonly reviews: ReviewsTransaction
  readonly discards: DiscardsTransaction
}

/** An account: one registry, known to clients by its aliases. */
export interface AccountRecord {
  /** Twelve digits: ECR's registryId. */
  readonly id: string
  /** Whether a push by the owner to an unknown repository creates it. */
  readonly createsOnPush: boolean
  /** What the gallery calls the registry's owner; empty for nothing. */
  readonly displayName: string
  /** Whether the operator vouches for the owner: ECR's "verified account". */
  readonly isVerified: boolean
  readonly createdAt: number
}

export interface AliasRecord {
  readonly alias: Alias
  readonly accountId: string
  /** The one alias shown in URIs. Each account that has aliases has exactly one. */
  readonly isPrimary: boolean
  readonly createdAt: number
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
  /** Replace all of an account but its id and age. False when there is no such account. */
  update(account: AccountRecord): Promise<boolean>
  /** @throws KeyTaken when the alias is taken, or is to be a second primary one */
  insertAlias(alias: AliasRecord): Promise<void>
  /** Make one of an account's aliases the primary one, in place of the one that was. */
  setPrimaryAlias(accountId: string, alias: Alias): Promise<void>
  /** False when it was gone already. */
  removeAlias(alias: Alias): Promise<boolean>
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

/** A policy of a user's. */
export interface UserPolicyRecord {
  /** The user's own name for it, or the ARN of one of AWS's managed policies. */
  readonly name: string
  /** IAM JSON; `undefined` for a managed policy, whose document the program knows. */
  readonly document: string | undefined
}

export interface UsersView {
  find(accountId: string, name: string): Promise<UserRecord | undefined>
  list(accountId: string, page: Page<string>): Promise<UserRecord[]>
  listPolicies(userId: string): Promise<UserPolicyRecord[]>
}

export interface UsersTransaction extends UsersView {
  /** @throws KeyTaken when the account has a user of this name */
  insert(user: UserRecord): Promise<void>
  /** The user's keys and policies go with it. False when it was gone already. */
  remove(userId: string): Promise<boolean>
  /** Set a policy, in place of the one of its name if there is one. */
  putPolicy(userId: string, policy: UserPolicyRecord): Promise<void>
  /** False when it was gone already. */
  removePolicy(userId: string, name: string): Promise<boolean>
}

export interface AccessKeysView {
  /** The key with its user, enabled or not. */
  find(accessKeyId: string): Promise<{ readonly key: AccessKeyRecord; readonly user: UserRecord } | undefined>
  list(userId: string): Promise<AccessKeyRecord[]>
}

export interface AccessKeysTransaction extends AccessKeysView {
  /** @throws KeyTaken */
  insert(key: AccessKeyRecord): Promise<void>
  /** False when there is no such key. */
  setEnabled(accessKeyId: string, isEnabled: boolean): Promise<boolean>
  /** False when it was gone already. */
  remove(accessKeyId: string): Promise<boolean>
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
  /** Forget keys made before a time. */
  removeOlder(createdBefore: number): Promise<void>
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
  /** How long an image without a tag is kept; `undefined`: until it is deleted, as on ECR. */
  readonly untaggedKeepMs: number | undefined
  /** The repository's policy, as it was set. */
  readonly policy: string | undefined
  readonly resourceTags: ReadonlyMap<string, string>
}

export interface Page<Key> {
  readonly after: Key | undefined
  readonly limit: number
}

export interface RepositoriesView {
  find(address: RepositoryAddress): Promise<RepositoryRecord | undefined>
  /** One that is not deleted. */
  findById(repositoryId: number): Promise<RepositoryRecord | undefined>
  /** Ids of repositories that are deleted and not yet empty. */
  listDeleted(limit: number): Promise<number[]>
  list(accountId: string, page: Page<RepositoryName>): Promise<RepositoryRecord[]>
  count(accountId: string): Promise<number>
  /** Every registry's repositories, by primary alias and then name. */
  listAll(page: Page<{ readonly alias: Alias; readonly name: RepositoryName }>): Promise<AliasedRepository[]>
}

export interface AliasedRepository extends RepositoryRecord {
  readonly alias: Alias
}

export interface RepositoriesTransaction extends RepositoriesView {
  /** @throws KeyTaken when the account has a repository of this name */
  insert(repository: RepositoryRecord): Promise<void>
  setSettings(
    repositoryId: number,
    settings: Pick<RepositoryRecord, 'isPrivate' | 'hasImmutableTags' | 'untaggedKeepMs'>,
  ): Promise<void>
  setPolicy(repositoryId: number, policy: string | undefined): Promise<void>
  setResourceTags(repositoryId: number, tags: ReadonlyMap<string, string>): Promise<void>
  /** Take a repository away from its address at once. What it holds is removed by `purge`. */
  markDeleted(repositoryId: number, now: number): Promise<void>
  /** Set a repository's `imageCount` to the number of manifests it has. */
  recountImages(repositoryId: number): Promise<void>
  /** Remove up to `limit` rows of a deleted repository, itself last. True when nothing of it is left. */
  purge(repositoryId: number, limit: number, now: number): Promise<boolean>
}

/** What the gallery shows of a repository: ECR Public's RepositoryCatalogData. `undefined`: was never set. */
export interface CatalogRecord {
  readonly description: string | undefined
  readonly aboutText: string | undefined
  readonly usageText: string | undefined
  readonly architectures: readonly string[] | undefined
  readonly operatingSystems: readonly string[] | undefined
  readonly logoId: string | undefined
}

export interface LogoRecord {
  /** Another for each upload, so that what is cached under it never changes. */
  readonly id: string
  readonly repositoryId: number
  readonly mediaType: string
  readonly bytes: Uint8Array
}

export interface CatalogView {
  find(repositoryId: number): Promise<CatalogRecord | undefined>
  findLogo(logoId: string): Promise<LogoRecord | undefined>
}

export interface CatalogTransaction extends CatalogView {
  /** Set all of it, in place of what there was. */
  put(repositoryId: number, catalog: CatalogRecord): Promise<void>
  /** The repository's other logos go. */
  putLogo(logo: LogoRecord): Promise<void>
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
  /** Manifests about `subject`, by digest; only those of one artifact type if it is given. */
  listReferrers(
    repositoryId: number,
    subject: Digest,
    artifactType: string | undefined,
    page: Page<Digest>,
  ): Promise<ManifestRecord[]>
  /** Up to `limit` indexes that have a manifest for a child. */
  listParents(repositoryId: number, digest: Digest, limit: number): Promise<Digest[]>
  /** Those of `digests` that the repository has. */
  listAmong(repositoryId: number, digests: readonly Digest[]): Promise<ManifestSummary[]>
}

export interface NewReferences {
  readonly blobs: readonly BlobReference[]
  readonly children: readonly Digest[]
}

export interface ManifestsTransaction extends ManifestsView {
  /** @throws KeyTaken */
  insert(repositoryId: number, manifest: ManifestRecord, references: NewReferences): Promise<void>
  /** Record what a manifest refers to, beside what is on record already. */
  insertReferences(repositoryId: number, digest: Digest, references: NewReferences): Promise<void>
  /** Remove a manifest with its tags. What it referred to stays on record. False when it was gone already. */
  remove(repositoryId: number, digest: Digest): Promise<boolean>
}

/** An image that was deleted and can be brought back. */
export interface DeletedManifestRecord extends ManifestRecord {
  readonly tags: readonly Tag[]
  readonly deletedAt: number
  /** The principal's name. */
  readonly deletedBy: string
}

export interface DeletedManifestsView {
  find(repositoryId: number, digest: Digest): Promise<DeletedManifestRecord | undefined>
  /** By digest. */
  list(repositoryId: number, page: Page<Digest>): Promise<DeletedManifestRecord[]>
  /** What a manifest refers to, be it deleted or not. */
  listReferences(repositoryId: number, digest: Digest): Promise<ManifestReferences>
}

export interface ManifestReferences {
  readonly blobs: readonly Digest[]
  readonly children: readonly Digest[]
}

export interface DeletedManifestsTransaction extends DeletedManifestsView {
  /** In place of an earlier one of the same digest. */
  insert(repositoryId: number, manifest: DeletedManifestRecord): Promise<void>
  /** False when it was gone already. */
  remove(repositoryId: number, digest: Digest): Promise<boolean>
  removeReferences(repositoryId: number, digest: Digest): Promise<void>
}

/** A tag that was set, moved or removed. */
export interface TagEvent {
  readonly id: number
  readonly tag: Tag
  /** Where it points since; `undefined` when it was removed. */
  readonly digest: Digest | undefined
  readonly previousDigest: Digest | undefined
  readonly happenedAt: number
  /** The principal's name. */
  readonly principal: string
  readonly door: string
}

export interface TagHistoryView {
  /** Newest first, of one tag or of all. */
  list(repositoryId: number, tag: Tag | undefined, page: Page<number>): Promise<TagEvent[]>
}

export interface TagHistoryTransaction extends TagHistoryView {
  insert(repositoryId: number, event: TagEvent): Promise<void>
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
  /** False when it was gone already. */
  remove(repositoryId: number, tag: Tag): Promise<boolean>
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
  /** Up to `limit` repositories that link a blob. */
  listLinking(digest: Digest, limit: number): Promise<RepositoryRecord[]>
  /** Whether a manifest of the repository refers to a blob: a live one, or also one that can be brought back. */
  isReferenced(repositoryId: number, digest: Digest, by: 'live' | 'any'): Promise<boolean>
  /** Stored at all, in whichever repository. Says nothing about who may read it. */
  find(digest: Digest): Promise<BlobRecord | undefined>
}

export interface BlobsTransaction extends BlobsView {
  /** @throws KeyTaken */
  insert(blob: BlobRecord): Promise<void>
  /** Let a repository serve a stored blob. Linking twice is success. */
  link(repositoryId: number, digest: Digest, now: number): Promise<void>
  /** False when the repository did not link it. */
  unlink(repositoryId: number, digest: Digest): Promise<boolean>
  /** Take a blob from every repository that links it. */
  unlinkAll(digest: Digest): Promise<void>
  /** False when it was gone already, or a repository links it, be that one which is itself being removed. */
  remove(digest: Digest): Promise<boolean>
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
  /** A repository's uploads, in no order. */
  listOf(repositoryId: number, limit: number): Promise<UploadRecord[]>
  /** Those not touched since `before`, longest first. */
  listIdle(before: number, limit: number): Promise<UploadRecord[]>
  count(): Promise<number>
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

/**
 * Something that may have become garbage: a `manifest` that lost a tag or a parent, a `deleted` image whose time is up,
 * a blob's `link` that may be needed by no manifest, a stored `blob` that may be linked by no repository.
 */
export interface ReviewRecord {
  readonly kind: 'manifest' | 'deleted' | 'link' | 'blob'
  /** 0 for a `blob`, which belongs to none. */
  readonly repositoryId: number
  readonly digest: Digest
  readonly dueAt: number
}

export interface ReviewsView {
  listDue(now: number, limit: number): Promise<ReviewRecord[]>
  /** Those of `digests` whose link in a repository is to be looked at. */
  listOfLinks(repositoryId: number, digests: readonly Digest[]): Promise<ReviewRecord[]>
  count(): Promise<number>
  /** How many there are of each kind, in the order of their names, and how many of those are due. */
  summarize(now: number): Promise<ReviewSummary[]>
}

export interface ReviewSummary {
  readonly kind: ReviewRecord['kind']
  readonly count: number
  readonly dueCount: number
  /** The earliest of them all. */
  readonly nextDueAt: number
}

export interface ReviewsTransaction extends ReviewsView {
  /** Have something looked at, not before its time; a review that is there already is put off, never brought forward. */
  put(review: ReviewRecord): Promise<void>
  /** Have every untagged manifest of a repository looked at, as `put` does. */
  putUntagged(repositoryId: number, dueAt: number): Promise<void>
  /** False, and nothing removed, when it was put off since it was read, or is gone already. */
  remove(review: ReviewRecord): Promise<boolean>
}

/** A stored object that no row names any more. Its bytes are deleted first, then this row. */
export interface DiscardRecord {
  readonly key: BlobKey
  readonly notBefore: number
}

export interface DiscardsView {
  listDue(now: number, limit: number): Promise<DiscardRecord[]>
  count(): Promise<number>
}

export interface DiscardsTransaction extends DiscardsView {
  insert(discard: DiscardRecord): Promise<void>
  remove(key: BlobKey): Promise<void>
}

/** Whether a manifest is there, or can be brought back, or neither. */
export type ManifestState = 'live' | 'deleted' | 'gone'

export interface ScannedRepository {
  readonly repositoryId: number
  /** What is on record, and how many manifests there are. */
  readonly imageCount: number
  readonly manifestCount: number
}

export interface ScannedTag {
  readonly repositoryId: number
  readonly tag: Tag
  readonly digest: Digest
  readonly state: ManifestState
}

export interface ScannedManifest {
  readonly repositoryId: number
  readonly digest: Digest
}

export interface ScannedDeletedManifest extends ScannedManifest {
  /** Whether a review will let go of it when its time is up. */
  readonly isUnderReview: boolean
}

/** That a manifest needs a blob. */
export interface ScannedBlobReference {
  readonly repositoryId: number
  readonly manifestDigest: Digest
  readonly blobDigest: Digest
  /** Of the manifest. */
  readonly state: ManifestState
  readonly isLinked: boolean
}

/** That an index needs a manifest. */
export interface ScannedChildReference {
  readonly repositoryId: number
  readonly parentDigest: Digest
  readonly childDigest: Digest
  readonly parentState: ManifestState
  readonly childState: ManifestState
}

/** That a repository may serve a blob. */
export interface ScannedLink {
  readonly repositoryId: number
  readonly digest: Digest
  readonly isStored: boolean
  readonly isReferenced: boolean
  readonly isUnderReview: boolean
}

export interface ScannedBlob extends BlobRecord {
  readonly isLinked: boolean
  readonly isUnderReview: boolean
  /** Whether its object is about to be deleted all the same. */
  readonly isDiscarded: boolean
}

/**
 * Every row of a kind in the order of its key, with what other tables say of it: for `waybill check`, which reads all
 * there is, never for a request. What one answer says was so at one moment. The last row of a page is the `after` of the
 * next. What belongs to a deleted repository is left out, but for its uploads.
 */
export interface ScanView {
  listRepositories(page: Page<Pick<ScannedRepository, 'repositoryId'>>): Promise<ScannedRepository[]>
  listTags(page: Page<Pick<ScannedTag, 'repositoryId' | 'tag'>>): Promise<ScannedTag[]>
  listManifests(page: Page<ScannedManifest>): Promise<ScannedManifest[]>
  listDeletedManifests(page: Page<ScannedManifest>): Promise<ScannedDeletedManifest[]>
  listBlobReferences(
    page: Page<Pick<ScannedBlobReference, 'repositoryId' | 'manifestDigest' | 'blobDigest'>>,
  ): Promise<ScannedBlobReference[]>
  listChildReferences(
    page: Page<Pick<ScannedChildReference, 'repositoryId' | 'parentDigest' | 'childDigest'>>,
  ): Promise<ScannedChildReference[]>
  listLinks(page: Page<Pick<ScannedLink, 'repositoryId' | 'digest'>>): Promise<ScannedLink[]>
  listBlobs(page: Page<Pick<ScannedBlob, 'digest'>>): Promise<ScannedBlob[]>
  listUploads(page: Page<Pick<UploadRecord, 'id'>>): Promise<UploadRecord[]>
  /** Those of `keys` that a blob, an upload or a discard names. */
  listNamedKeys(keys: readonly BlobKey[]): Promise<BlobKey[]>
}
