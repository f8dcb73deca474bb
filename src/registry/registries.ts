import { registryArn } from '../iam/arn.ts'
import { invariant } from '../lib/invariant.ts'
import type { AccountRecord, AliasRecord, MetadataStore } from '../metadata/metadata-store.ts'
import type { Alias } from '../oci/repository-name.ts'
import type { Access } from './access.ts'
import type { Call } from './call.ts'

/** An account's registry with the names it goes by. */
export interface DescribedRegistry extends AccountRecord {
  readonly aliases: readonly AliasRecord[]
  /** The one that URIs show. */
  readonly primaryAlias: Alias | undefined
  /** The one that the account was made with. */
  readonly defaultAlias: Alias | undefined
}

export class Registries {
  readonly #metadata: MetadataStore
  readonly #access: Access

  constructor(parts: { metadata: MetadataStore; access: Access }) {
    this.#metadata = parts.metadata
    this.#access = parts.access
  }

  /** The caller's own registry: every account has one. */
  async describe(call: Call): Promise<DescribedRegistry> {
    const accountId = this.#access.accountOf(call)
    this.#access.requireOn(call, 'ecr-public:DescribeRegistries', { accountId, resource: registryArn(accountId) })
    const { accounts } = this.#metadata.view
    const account = await accounts.find(accountId)
    invariant(account, `there is no account ${accountId}, whose user called`)
    const aliases = await accounts.listAliases(accountId)
    const [oldest] = aliases.toSorted((a, b) => a.createdAt - b.createdAt)
    return {
      ...account,
      aliases,
      primaryAlias: aliases.find((alias) => alias.isPrimary)?.alias,
      defaultAlias: oldest?.alias,
    }
  }
}
