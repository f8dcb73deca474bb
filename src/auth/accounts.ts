import { randomInt } from 'node:crypto'

import { RegistryError } from '../errors.ts'
import type { Clock } from '../lib/clock.ts'
import type {
  AccountRecord,
  AliasRecord,
  MetadataStore,
  MetadataTransaction,
  MetadataView,
  Page,
} from '../metadata/metadata-store.ts'
import { type Alias, isReservedAlias, parseAlias } from '../oci/repository-name.ts'
import { type AccessKey, type AccessKeys, generateAccessKey, newUserId } from './access-keys.ts'
import { everyRow } from './every-row.ts'
import { IdentityError } from './identity-error.ts'

/** An account: one registry, known to clients by its aliases. */
export interface Account {
  /** Twelve digits: ECR's registryId. */
  readonly id: string
  /** The primary one, which URIs show, first; then by name. */
  readonly aliases: readonly string[]
  /** Whether a push by the owner to an unknown repository creates it. */
  readonly createsOnPush: boolean
  /** What the gallery calls the registry's owner; empty for nothing. */
  readonly displayName: string
  readonly isVerified: boolean
  /** Milliseconds since the epoch. */
  readonly createdAt: number
}

export type AccountSettings = Pick<Account, 'createsOnPush' | 'displayName' | 'isVerified'>

/** ECR Public's limit for a registry's display name. */
export const displayNameLengthMax = 100

/** The name of every account's root user. */
export const rootUserName = 'admin'

/**
 * Accounts and their aliases. Wherever an `account` is asked for, its id or any alias of it will do, and `undefined` for
 * the only one that there is. Refuses `AccountUnknown`, `AccountAmbiguous`.
 */
export class Accounts {
  readonly #metadata: MetadataStore
  readonly #accessKeys: AccessKeys
  readonly #clock: Clock

  constructor(parts: { metadata: MetadataStore; accessKeys: AccessKeys; clock: Clock }) {
    this.#metadata = parts.metadata
    this.#accessKeys = parts.accessKeys
    this.#clock = parts.clock
  }

  /**
   * Make an account with its root user and that user's access key, which cannot be shown again. ECR's own behaviour
   * unless told otherwise: repositories are not created on push.
   * Refuses `AccountIdInvalid`, `AccountTaken`, `DisplayNameTooLong`, and what `addAlias` refuses.
   */
  async create(
    options: { readonly id?: string | undefined; readonly alias?: string | undefined } & Partial<AccountSettings> = {},
  ): Promise<{ readonly account: Account; readonly rootKey: AccessKey }> {
    const { id = newAccountId() } = options
    if (!/^[0-9]{12}$/.test(id)) throw new IdentityError('AccountIdInvalid', { accountId: id })
    const alias = options.alias === undefined ? undefined : parseFreeAlias(options.alias)
    const settings = checked({
      createsOnPush: options.createsOnPush ?? false,
      displayName: options.displayName ?? '',
      isVerified: options.isVerified ?? false,
    })
    const rootKey = generateAccessKey()
    const record = { id, ...settings, createdAt: this.#clock() }
    const account = await this.#metadata.write(async (tx) => {
      if (await tx.accounts.find(id)) throw new IdentityError('AccountTaken', { accountId: id })
      if (alias !== undefined) await requireFree(tx, alias)
      await insertAccount(tx, this.#accessKeys, { account: record, alias, rootKey })
      return withAliases(tx, record)
    })
    return { account, rootKey }
  }

  /** All of them, by id. */
  async list(): Promise<Account[]> {
    const { view } = this.#metadata
    const records = await everyRow(
      (page: Page<string>) => view.accounts.list(page),
      ({ id }) => id,
    )
    return Promise.all(records.map((record) => withAliases(view, record)))
  }

  async get(account: string | undefined): Promise<Account> {
    const { view } = this.#metadata
    return withAliases(view, await accountIn(view, account))
  }

  /** Set what is given and leave the rest. Refuses `DisplayNameTooLong`. */
  change(account: string | undefined, changes: Partial<AccountSettings>): Promise<Account> {
    return this.#metadata.write(async (tx) => {
      const current = await accountIn(tx, account)
      const changed = { ...current, ...checked({ ...current, ...changes }) }
      await tx.accounts.update(changed)
      return withAliases(tx, changed)
    })
  }

  /** An account's first alias is its primary one. Refuses `AliasInvalid`, `AliasReserved`, `AliasTaken`. */
  async addAlias(
    account: string | undefined,
    text: string,
    options: { readonly isPrimary?: boolean } = {},
  ): Promise<Account> {
    const alias = parseFreeAlias(text)
    return this.#metadata.write(async (tx) => {
      const record = await accountIn(tx, account)
      await requireFree(tx, alias)
      const others = await tx.accounts.listAliases(record.id)
      const isFirst = others.length === 0
      // Of two made in one millisecond the first has to stay the elder: it is the account's default alias.
      const createdAt = Math.max(this.#clock(), ...others.map((other) => other.createdAt + 1))
      await tx.accounts.insertAlias({ alias, accountId: record.id, isPrimary: isFirst, createdAt })
      if (options.isPrimary && !isFirst) await tx.accounts.setPrimaryAlias(record.id, alias)
      return withAliases(tx, record)
    })
  }

  /** Make an alias the one that URIs show. Refuses `AliasUnknown`. */
  setPrimaryAlias(alias: string): Promise<Account> {
    return this.#metadata.write(async (tx) => {
      const { record, account } = await aliasIn(tx, alias)
      await tx.accounts.setPrimaryAlias(account.id, record.alias)
      return withAliases(tx, account)
    })
  }

  /**
   * Images cannot be reached under the alias any more. Refuses `AliasUnknown`, and `AliasIsPrimary` while the account
   * has others.
   */
  removeAlias(alias: string): Promise<Account> {
    return this.#metadata.write(async (tx) => {
      const { record, account } = await aliasIn(tx, alias)
      const { length } = await tx.accounts.listAliases(account.id)
      if (record.isPrimary && length > 1) throw new IdentityError('AliasIsPrimary', { alias })
      await tx.accounts.removeAlias(record.alias)
      return withAliases(tx, account)
    })
  }
}

/** An account with all it has at its birth: alias, root user, and that user's key. */
export async function insertAccount(
  tx: MetadataTransaction,
  accessKeys: AccessKeys,
  made: { readonly account: AccountRecord; readonly alias: Alias | undefined; readonly rootKey: AccessKey },
): Promise<void> {
  const { id: accountId, createdAt } = made.account
  const userId = newUserId()
  await tx.accounts.insert(made.account)
  if (made.alias !== undefined) {
    await tx.accounts.insertAlias({ alias: made.alias, accountId, isPrimary: true, createdAt })
  }
  await tx.users.insert({ id: userId, accountId, name: rootUserName, isRoot: true, createdAt })
  await accessKeys.insert(tx, userId, made.rootKey, createdAt)
}

/** The account meant by an id, an alias, or by nothing where there is only one. */
export async function accountIn(view: MetadataView, account: string | undefined): Promise<AccountRecord> {
  if (account === undefined) {
    const [only, second] = await view.accounts.list({ after: undefined, limit: 2 })
    if (!only || second) throw new IdentityError('AccountAmbiguous', {})
    return only
  }
  // What is no alias by its form is none that an account has.
  const found = (await view.accounts.find(account)) ?? (await view.accounts.findByAlias(account as Alias))
  if (!found) throw new IdentityError('AccountUnknown', { account })
  return found
}

async function aliasIn(view: MetadataView, alias: string): Promise<{ record: AliasRecord; account: AccountRecord }> {
  const account = await view.accounts.findByAlias(alias as Alias)
  if (!account) throw new IdentityError('AliasUnknown', { alias })
  const records = await view.accounts.listAliases(account.id)
  return { record: records.find((record) => record.alias === alias)!, account }
}

function parseFreeAlias(text: string): Alias {
  let alias: Alias
  try {
    alias = parseAlias(text)
  } catch (cause) {
    if (!(cause instanceof RegistryError)) throw cause
    throw new IdentityError('AliasInvalid', { alias: text, reason: reasonOf(cause) }, { cause })
  }
  if (isReservedAlias(alias)) throw new IdentityError('AliasReserved', { alias })
  return alias
}

function reasonOf({ facts, message }: RegistryError): string {
  return 'reason' in facts ? facts.reason : message
}

async function requireFree(tx: MetadataTransaction, alias: Alias): Promise<void> {
  const owner = await tx.accounts.findByAlias(alias)
  if (owner) throw new IdentityError('AliasTaken', { alias, accountId: owner.id })
}

function checked<Settings extends AccountSettings>(settings: Settings): Settings {
  if (settings.displayName.length <= displayNameLengthMax) return settings
  throw new IdentityError('DisplayNameTooLong', { lengthMax: displayNameLengthMax })
}

async function withAliases(view: MetadataView, { id, ...rest }: AccountRecord): Promise<Account> {
  const aliases = await view.accounts.listAliases(id)
  const primaryFirst = aliases.toSorted((a, b) => Number(b.isPrimary) - Number(a.isPrimary))
  return { id, aliases: primaryFirst.map(({ alias }) => alias), ...rest }
}

/** Not starting with a zero, which spreadsheets take away. */
function newAccountId(): string {
  return String(randomInt(100_000_000_000, 1_000_000_000_000))
}
