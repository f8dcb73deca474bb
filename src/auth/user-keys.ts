import type { Clock } from '../lib/clock.ts'
import type { AccessKeyRecord, MetadataStore, MetadataTransaction, UserRecord } from '../metadata/metadata-store.ts'
import { type AccessKey, type AccessKeys, generateAccessKey } from './access-keys.ts'
import { accountIn } from './accounts.ts'
import { IdentityError } from './identity-error.ts'
import { userIn, usersIn } from './users.ts'

/** An access key without its secret. */
export interface UserKey {
  readonly accessKeyId: string
  readonly accountId: string
  readonly userName: string
  readonly isEnabled: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** A key just made, with its secret, which can never be shown again. */
export type NewUserKey = UserKey & AccessKey

/**
 * The access keys of users; `account` is as in `Accounts`. Every request asks for its key anew, so that one which is
 * disabled or deleted stops working at once, and so do the tokens and passwords that were got with it.
 */
export class UserKeys {
  readonly #metadata: MetadataStore
  readonly #accessKeys: AccessKeys
  readonly #clock: Clock

  constructor(parts: { metadata: MetadataStore; accessKeys: AccessKeys; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#accessKeys = parts.accessKeys
    this.#clock = parts.clock
  }

  /** Refuses `UserUnknown`. */
  create(account: string | undefined, userName: string): Promise<NewUserKey> {
    const key = generateAccessKey()
    return this.#metadata.write(async (tx) => this.#insert(tx, await userIn(tx, account, userName), key))
  }

  /** The keys of a user, or of all the users of an account. Refuses `UserUnknown`. */
  async list(account: string | undefined, userName?: string): Promise<UserKey[]> {
    const { view } = this.#metadata
    const users =
      userName === undefined
        ? await usersIn(view, (await accountIn(view, account)).id)
        : [await userIn(view, account, userName)]
    const keys = await Promise.all(
      users.map(async (user) => (await view.accessKeys.list(user.id)).map((record) => toUserKey(record, user))),
    )
    return keys.flat()
  }

  /** Refuses `KeyUnknown`. */
  setEnabled(accessKeyId: string, isEnabled: boolean): Promise<UserKey> {
    return this.#change(accessKeyId, async (tx, { key, user }) => {
      await tx.accessKeys.setEnabled(accessKeyId, isEnabled)
      return toUserKey({ ...key, isEnabled }, user)
    })
  }

  /** Give the same user another key, and disable or delete this one. Refuses `KeyUnknown`. */
  rotate(
    accessKeyId: string,
    old: 'disable' | 'delete',
  ): Promise<{ readonly key: NewUserKey; readonly oldAccessKeyId: string }> {
    const key = generateAccessKey()
    return this.#change(accessKeyId, async (tx, { user }) => {
      const created = await this.#insert(tx, user, key)
      if (old === 'delete') await tx.accessKeys.remove(accessKeyId)
      else await tx.accessKeys.setEnabled(accessKeyId, false)
      return { key: created, oldAccessKeyId: accessKeyId }
    })
  }

  /** Refuses `KeyUnknown`. */
  delete(accessKeyId: string): Promise<UserKey> {
    return this.#change(accessKeyId, async (tx, { key, user }) => {
      await tx.accessKeys.remove(accessKeyId)
      return toUserKey(key, user)
    })
  }

  #change<T>(
    accessKeyId: string,
    change: (tx: MetadataTransaction, found: { key: AccessKeyRecord; user: UserRecord }) => Promise<T>,
  ): Promise<T> {
    return this.#metadata.write(async (tx) => {
      const found = await tx.accessKeys.find(accessKeyId)
      if (!found) throw new IdentityError('KeyUnknown', { accessKeyId })
      return change(tx, found)
    })
  }

  async #insert(tx: MetadataTransaction, user: UserRecord, key: AccessKey): Promise<NewUserKey> {
    const createdAt = this.#clock()
    await this.#accessKeys.insert(tx, user.id, key, createdAt)
    return { ...key, accountId: user.accountId, userName: user.name, isEnabled: true, createdAt }
  }
}

function toUserKey({ id, isEnabled, createdAt }: AccessKeyRecord, { accountId, name }: UserRecord): UserKey {
  return { accessKeyId: id, accountId, userName: name, isEnabled, createdAt }
}
