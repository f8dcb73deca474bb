import type { Clock } from '../lib/clock.ts'
import type { MetadataStore } from '../metadata/metadata-store.ts'
import type { Alias } from '../oci/repository-name.ts'
import { type AccessKey, type AccessKeys, generateAccessKey, newUserId } from './access-keys.ts'

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
  first: FirstAccount,
): Promise<AccessKey | undefined> {
  const key = first.adminKey ?? generateAccessKey()
  const now = parts.clock()
  const isMade = await parts.metadata.write(async (tx) => {
    const [existing] = await tx.accounts.list({ after: undefined, limit: 1 })
    if (existing) return false
    const userId = newUserId()
    await tx.accounts.insert({
      id: first.accountId,
      createsOnPush: true,
      displayName: '',
      isVerified: false,
      createdAt: now,
    })
    await tx.accounts.insertAlias({ alias: first.alias, accountId: first.accountId, isPrimary: true, createdAt: now })
    await tx.users.insert({
      id: userId,
      accountId: first.accountId,
      name: 'admin',
      isRoot: true,
      createdAt: now,
    })
    await parts.accessKeys.insert(tx, userId, key, now)
    return true
  })
  return isMade && !first.adminKey ? key : undefined
}
