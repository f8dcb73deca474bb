import { randomBytes, randomInt } from 'node:crypto'

import { LRUCache } from 'lru-cache'

import { refuse } from '../errors.ts'
import type { NamedPolicy } from '../iam/evaluate.ts'
import { findManagedPolicy } from '../iam/managed-policies.ts'
import { type Policy, parseIdentityPolicy } from '../iam/policy.ts'
import { type UserPrincipal, userPrincipal } from '../iam/principal.ts'
import { invariant } from '../lib/invariant.ts'
import type { MetadataStore, MetadataTransaction, UserPolicyRecord, UserRecord } from '../metadata/metadata-store.ts'
import type { SecretBox } from './secret-box.ts'

export interface AccessKey {
  readonly accessKeyId: string
  readonly secretAccessKey: string
}

/** Who holds an access key, with the policies that say what they may do. */
export interface KeyHolder {
  readonly principal: UserPrincipal
  readonly policies: readonly NamedPolicy[]
}

/** Compiled policies, by their text: a function of it, so nothing here can be out of date. */
const compiledPoliciesMax = 1_000

/** Access keys and the users they belong to. Looked up at every request, so a key that is disabled stops at once. */
export class AccessKeys {
  readonly #metadata: MetadataStore
  readonly #box: SecretBox
  readonly #policies = new LRUCache<string, Policy>({ max: compiledPoliciesMax })

  constructor(parts: { metadata: MetadataStore; box: SecretBox }) {
    this.#metadata = parts.metadata
    this.#box = parts.box
  }

  /** The user behind a key, and the key's secret. Refuses `AccessKeyUnknown` for one unknown or disabled. */
  async open(accessKeyId: string): Promise<KeyHolder & { readonly secretAccessKey: string }> {
    const { key, user } = await this.#find(accessKeyId)
    const secretAccessKey = this.#box.open(key.sealedSecret, owner(key.id))
    return { ...(await this.asHolder(user)), secretAccessKey }
  }

  /** The user behind a key that a token was issued to. Refuses `AccessKeyUnknown` for one unknown or disabled. */
  async holderOf(accessKeyId: string): Promise<KeyHolder> {
    return this.asHolder((await this.#find(accessKeyId)).user)
  }

  /** Give a user a key; its secret is known only now. */
  async insert(tx: MetadataTransaction, userId: string, key: AccessKey, now: number): Promise<void> {
    await tx.accessKeys.insert({
      id: key.accessKeyId,
      userId,
      sealedSecret: this.#box.seal(key.secretAccessKey, owner(key.accessKeyId)),
      isEnabled: true,
      createdAt: now,
    })
  }

  /** A user as whoever holds one of its keys. */
  async asHolder(user: UserRecord): Promise<KeyHolder> {
    const principal = toPrincipal(user)
    if (user.isRoot) return { principal, policies: [] }
    const records = await this.#metadata.view.users.listPolicies(user.id)
    return { principal, policies: records.map((record) => this.#compiled(record)) }
  }

  #compiled({ name, document }: UserPolicyRecord): NamedPolicy {
    const text = document ?? findManagedPolicy(name)?.text
    invariant(text !== undefined, `there is no managed policy ${name}`)
    let policy = this.#policies.get(text)
    if (!policy) {
      policy = parseIdentityPolicy(text)
      this.#policies.set(text, policy)
    }
    return { name, policy }
  }

  async #find(accessKeyId: string) {
    const found = await this.#metadata.view.accessKeys.find(accessKeyId)
    if (!found?.key.isEnabled) throw refuse('AccessKeyUnknown', { accessKeyId })
    return found
  }
}

/** In the form of AWS's: `AKIA` and 16 of `A-Z2-7`; a secret of 40 characters. */
export function generateAccessKey(): AccessKey {
  return { accessKeyId: `AKIA${randomBase32(16)}`, secretAccessKey: randomBytes(30).toString('base64') }
}

/** In the form of AWS's, which is what GetCallerIdentity and `aws:userid` show: `AIDA` and 17 of `A-Z2-7`. */
export function newUserId(): string {
  return `AIDA${randomBase32(17)}`
}

const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

function randomBase32(length: number): string {
  let text = ''
  for (let i = 0; i < length; i++) text += BASE32[randomInt(32)]
  return text
}

function owner(accessKeyId: string): string {
  return `access-key:${accessKeyId}`
}

function toPrincipal(user: UserRecord): UserPrincipal {
  return userPrincipal({ accountId: user.accountId, userId: user.id, userName: user.name, isRoot: user.isRoot })
}
