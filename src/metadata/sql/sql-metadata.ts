import type { MetadataTransaction } from '../metadata-store.ts'
import { SqlAccessKeys } from './access-keys.ts'
import { SqlAccounts } from './accounts.ts'
import { SqlBlobs } from './blobs.ts'
import { SqlCatalog } from './catalog.ts'
import { SqlDiscards } from './discards.ts'
import { SqlManifests } from './manifests.ts'
import { SqlRepositories } from './repositories.ts'
import type { SqlSession } from './session.ts'
import { SqlSigningKeys } from './signing-keys.ts'
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
  readonly tags: SqlTags
  readonly blobs: SqlBlobs
  readonly uploads: SqlUploads
  readonly discards: SqlDiscards

  constructor(session: SqlSession) {
    this.accounts = new SqlAccounts(session)
    this.users = new SqlUsers(session)
    this.accessKeys = new SqlAccessKeys(session)
    this.signingKeys = new SqlSigningKeys(session)
    this.repositories = new SqlRepositories(session)
    this.catalog = new SqlCatalog(session)
    this.manifests = new SqlManifests(session)
    this.tags = new SqlTags(session)
    this.blobs = new SqlBlobs(session)
    this.uploads = new SqlUploads(session)
    this.discards = new SqlDiscards(session)
  }
}
