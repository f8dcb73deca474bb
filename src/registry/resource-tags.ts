import { refuse } from '../errors.ts'
import { repositoryArn } from '../iam/arn.ts'
import type { MetadataStore, RepositoryAddress, RepositoryRecord } from '../metadata/metadata-store.ts'
import type { Access } from './access.ts'
import type { Call } from './call.ts'
import type { Repositories } from './repositories.ts'

/** ECR Public User Guide, "Tagging an Amazon ECR public repository": tags of one repository, and their lengths. */
export const resourceTagsMax = 50
export const tagKeyLengthMax = 128
export const tagValueLengthMax = 256

/** Letters, digits and spaces of every script, and a few signs. */
const ALLOWED = /^[\p{L}\p{N}\p{Z}_.:/=+@-]*$/u

/** Keys that only AWS sets. */
const RESERVED = /^aws:/i

/** A tag as somebody sent it. */
export interface SentTag {
  readonly key: string | undefined
  readonly value: string | undefined
}

/** Tags that may be set. Refuses `ResourceTagInvalid`, also for a key that is there twice. */
export function parseResourceTags(sent: readonly SentTag[]): ReadonlyMap<string, string> {
  const tags = new Map<string, string>()
  for (const { key = '', value } of sent) {
    requireKey(key, tags)
    if (value === undefined) throw refuse('ResourceTagInvalid', { key, reason: `The tag '${key}' has no value` })
    if (value.length > tagValueLengthMax) {
      const reason = `The value of the tag '${key}' is longer than ${tagValueLengthMax} characters`
      throw refuse('ResourceTagInvalid', { key, reason })
    }
    if (!ALLOWED.test(value)) {
      const reason = `The value of the tag '${key}' has characters other than letters, digits, spaces and _ . : / = + - @`
      throw refuse('ResourceTagInvalid', { key, reason })
    }
    tags.set(key, value)
  }
  return tags
}

/** Keys of tags that may be removed. Refuses `ResourceTagInvalid`, also for one that is there twice. */
export function parseTagKeys(sent: readonly string[]): ReadonlySet<string> {
  const keys = new Set<string>()
  for (const key of sent) {
    requireKey(key, keys)
    keys.add(key)
  }
  return keys
}

/** Refuses `ResourceTagsExceeded`. */
export function requireTagsFit(resource: string, tags: ReadonlyMap<string, string>): void {
  if (tags.size > resourceTagsMax) throw refuse('ResourceTagsExceeded', { resource, tagsMax: resourceTagsMax })
}

/** Labels that the owners of a repository give it for themselves, and for the conditions of their policies. */
export class ResourceTags {
  readonly #metadata: MetadataStore
  readonly #repositories: Repositories
  readonly #access: Access

  constructor(parts: { metadata: MetadataStore; repositories: Repositories; access: Access }) {
    this.#metadata = parts.metadata
    this.#repositories = parts.repositories
    this.#access = parts.access
  }

  async list(call: Call, address: RepositoryAddress): Promise<ReadonlyMap<string, string>> {
    return (await this.#repositories.get(call, address, 'ecr-public:ListTagsForResource')).resourceTags
  }

  /** Set these tags, and leave the others alone. Refuses `ResourceTagsExceeded`. */
  async add(call: Call, address: RepositoryAddress, tags: ReadonlyMap<string, string>): Promise<void> {
    const repository = await this.#find(call, address)
    this.#access.require(call, 'ecr-public:TagResource', repository, address, { requestTags: tags })
    await this.#repositories.change(address, repository, async (tx, current) => {
      const all = new Map([...current.resourceTags, ...tags])
      requireTagsFit(repositoryArn(current.accountId, current.name), all)
      await tx.repositories.setResourceTags(current.id, all)
    })
  }

  /** Remove the tags with these keys. One that is not there is as good as removed. */
  async remove(call: Call, address: RepositoryAddress, keys: ReadonlySet<string>): Promise<void> {
    const repository = await this.#find(call, address)
    this.#access.require(call, 'ecr-public:UntagResource', repository, address, { tagKeys: [...keys] })
    await this.#repositories.change(address, repository, async (tx, current) => {
      const left = [...current.resourceTags].filter(([key]) => !keys.has(key))
      await tx.repositories.setResourceTags(current.id, new Map(left))
    })
  }

  async #find(call: Call, address: RepositoryAddress): Promise<RepositoryRecord> {
    const repository = await this.#metadata.view.repositories.find(address)
    if (!repository) throw await this.#repositories.unknown(call, address)
    return repository
  }
}

function requireKey(key: string, others: { has(key: string): boolean }): void {
  const reason = faultOf(key, others)
  if (reason !== undefined) throw refuse('ResourceTagInvalid', { key: key.slice(0, tagKeyLengthMax), reason })
}

function faultOf(key: string, others: { has(key: string): boolean }): string | undefined {
  if (key === '') return 'A tag has no key'
  if (key.length > tagKeyLengthMax) return `The key of a tag is longer than ${tagKeyLengthMax} characters`
  if (!ALLOWED.test(key)) {
    return `The tag key '${key}' has characters other than letters, digits, spaces and _ . : / = + - @`
  }
  if (RESERVED.test(key)) return `The tag key '${key}' begins with aws:, which is reserved`
  return others.has(key) ? `The tag key '${key}' is there twice` : undefined
}
