import { userPrincipal } from '../iam/principal.ts'
import type { Clock } from '../lib/clock.ts'
import type { MetadataStore, MetadataView, Page, UserRecord } from '../metadata/metadata-store.ts'
import { newUserId } from './access-keys.ts'
import { accountIn } from './accounts.ts'
import { everyRow } from './every-row.ts'
import { IdentityError } from './identity-error.ts'

export interface User {
  readonly accountId: string
  readonly name: string
  /** What policies and the log call the user. */
  readonly arn: string
  /** May do everything within the account. */
  readonly isRoot: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

/** As IAM names users, in the length that it allows. */
const USER_NAME = /^[\w+=,.@-]{1,64}$/

/** The users of accounts; `account` is as in `Accounts`. */
export class Users {
  readonly #metadata: MetadataStore
  readonly #clock: Clock

  constructor(parts: { metadata: MetadataStore; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#clock = parts.clock
  }

  /** Make a user, who has no key yet and may do nothing. Refuses `UserNameInvalid`, `UserTaken`. */
  async create(account: string | undefined, name: string): Promise<User> {
    if (!USER_NAME.test(name)) throw new IdentityError('UserNameInvalid', { userName: name })
    return this.#metadata.write(async (tx) => {
      const { id: accountId } = await accountIn(tx, account)
      if (await tx.users.find(accountId, name)) throw new IdentityError('UserTaken', { userName: name, accountId })
      const record = { id: newUserId(), accountId, name, isRoot: false, createdAt: this.#clock() }
      await tx.users.insert(record)
      return toUser(record)
    })
  }

  /** All of an account's, by name. */
  async list(account: string | undefined): Promise<User[]> {
    const { view } = this.#metadata
    const { id } = await accountIn(view, account)
    return (await usersIn(view, id)).map(toUser)
  }

  /** Refuses `UserUnknown`. */
  async get(account: string | undefined, name: string): Promise<User> {
    return toUser(await userIn(this.#metadata.view, account, name))
  }

  /**
   * The user's keys and policies go as well; what is done with them ends at once. Refuses `UserUnknown`, and
   * `UserIsRoot` for the one that an account cannot be without.
   */
  delete(account: string | undefined, name: string): Promise<User> {
    return this.#metadata.write(async (tx) => {
      const user = await userIn(tx, account, name)
      if (user.isRoot) {
        throw new IdentityError('UserIsRoot', {
          userName: name,
          reason: 'it stays; rotate or disable its keys instead',
        })
      }
      await tx.users.remove(user.id)
      return toUser(user)
    })
  }
}

export async function userIn(view: MetadataView, account: string | undefined, name: string): Promise<UserRecord> {
  const { id: accountId } = await accountIn(view, account)
  const user = await view.users.find(accountId, name)
  if (!user) throw new IdentityError('UserUnknown', { userName: name, accountId })
  return user
}

/** Every user of an account, by name. */
export function usersIn(view: MetadataView, accountId: string): Promise<UserRecord[]> {
  return everyRow(
    (page: Page<string>) => view.users.list(accountId, page),
    ({ name }) => name,
  )
}

function toUser({ id: userId, accountId, name, isRoot, createdAt }: UserRecord): User {
  const { arn } = userPrincipal({ accountId, userId, userName: name, isRoot })
  return { accountId, name, arn, isRoot, createdAt }
}
