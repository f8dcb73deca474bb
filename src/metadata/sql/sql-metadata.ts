import type { MetadataTransaction } from '../metadata-store.ts'
import { SqlAccessKeys } from './access-keys.ts'
import { SqlAccounts } from './accounts.ts'
import { SqlBlobs } from './blobs.ts'
import { SqlCatalog } from './catalog.ts'
import { SqlDeletedManifests } from './deleted-manifests.ts'
import { SqlDiscards } from './discards.ts'
import { SqlManifests } from './manifests.ts'
import { SqlRepositories } from './repositories.ts'
import { SqlReviews } from './reviews.ts'
import { SqlScan } from './scan.ts'
import type { SqlSession } from './session.ts'
import { SqlSigningKeys } from './signing-keys.ts'
import { SqlTagHistory } from './tag-history.ts'
import { SqlTags } from './tags.ts'
import { SqlUploads } from './uploads.ts'
import { SqlUsers } from './users.ts'

/** Every noun over one session. Outside a transaction a driver hands it out as a `MetadataView`. */
export class SqlMetadata implements MetadataTransaction {
  readonly accounts: SqlAccounts
  readonly users: SqlUsers
  readonly accessKeys: SqlAccessKeys
  readonly signingKeys: SqlSigningKeys
  readonly repositories: SqlRepositories
  readonly catalog: SqlCatalog
  readonly manifests: SqlManifests
  readonly deletedManifests: SqlDeletedManifests
  readonly tags: SqlTags
  readonly tagHistory: SqlTagHistory
  readonly blobs: SqlBlobs
  readonly uploads: SqlUploads
  readonly reviews: SqlReviews
  readonly discards: SqlDiscards
  readonly scan: SqlScan

  constructor(session: SqlSession) {
    this.accounts = new SqlAccounts(session)
    this.users = new SqlUsers(session)
    this.accessKeys = new SqlAccessKeys(session)
    this.signingKeys = new SqlSigningKeys(session)
    this.repositories = new SqlRepositories(session)
    this.catalog = new SqlCatalog(session)
    this.manifests = new SqlManifests(session)
    this.deletedManifests = new SqlDeletedManifests(session)
    this.tagHistory = new SqlTagHistory(session)
    this.tags = new SqlTags(session)
    this.blobs = new SqlBlobs(session)
    this.uploads = new SqlUploads(session)
    this.reviews = new SqlReviews(session)
    this.discards = new SqlDiscards(session)
    this.scan = new SqlScan(session)
  }
}
