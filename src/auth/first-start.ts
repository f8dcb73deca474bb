import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { Alias } from '../oci/repository-name.ts'
import { type AccessKey, type AccessKeys, generateAccessKey } from './access-keys.ts'
import { insertAccount } from './accounts.ts'

export interface FirstAccount {
  readonly accountId: string
  readonly alias: Alias
  /** Taken instead of a generated key. */
  readonly adminKey: AccessKey | undefined
}

/**
 * On data that has no account yet, make the first: the account, its alias, its root user `admin`, and that user's access
 * key. Returns the key, which can never be shown again, when one was generated; `undefined` otherwise.
 */
export async function ensureFirstAccount(
  parts: { metadata: MetadataStore; accessKeys: AccessKeys; clock: Clock },
  { accountId: id, alias, adminKey }: FirstAccount,
): Promise<AccessKey | undefined> {
  const rootKey = adminKey ?? generateAccessKey()
  const account = { id, createsOnPush: true, displayName: '', isVerified: false, createdAt: parts.clock() }
  const isMade = await parts.metadata.write(async (tx) => {
    const [existing] = await tx.accounts.list({ after: undefined, limit: 1 })
    if (existing) return false
    await insertAccount(tx, parts.accessKeys, { account, alias, rootKey })
    return true
  })
  return isMade && !adminKey ? rootKey : undefined
}
