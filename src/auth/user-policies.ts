import { findManagedPolicy, managedPolicies } from '../iam/managed-policies.ts'
import { parseIdentityPolicy } from '../iam/policy.ts'
import { PolicyInvalid } from '../iam/policy-invalid.ts'
import type { MetadataStore, UserPolicyRecord } from '../metadata/metadata-store.ts'
import { IdentityError } from './identity-error.ts'
import { userIn } from './users.ts'

/** A policy of a user's: one of AWS's, attached, or one of the user's own. */
export interface UserPolicy {
  /** The ARN of a managed policy; otherwise the name under which it was put. */
  readonly name: string
  readonly kind: 'managed' | 'inline'
  /** IAM JSON, as it was given. */
  readonly text: string
}

/** All of them are read, and each may be asked, at every request of the user's. */
export const policiesPerUserMax = 50

/** As IAM names inline policies. */
const POLICY_NAME = /^[\w+=,.@-]{1,128}$/

/** What users may do; `account` is as in `Accounts`. Changes hold for the next request. Refuses `UserUnknown`. */
export class UserPolicies {
  readonly #metadata: MetadataStore

  constructor(parts: { metadata: MetadataStore }) {
    this.#metadata = parts.metadata
  }

  /** Attach one of AWS's managed policies, by its name or ARN. Refuses `ManagedPolicyUnknown`. */
  async attach(account: string | undefined, userName: string, nameOrArn: string): Promise<UserPolicy> {
    const managed = findManagedPolicy(nameOrArn)
    if (!managed) {
      throw new IdentityError('ManagedPolicyUnknown', {
        policy: nameOrArn,
        known: managedPolicies.map(({ name }) => name),
      })
    }
    return this.#put(account, userName, { name: managed.arn, document: undefined })
  }

  /** Set an inline policy, in place of the one of its name. Refuses `PolicyNameInvalid`, `PolicyInvalid`. */
  async put(account: string | undefined, userName: string, name: string, text: string): Promise<UserPolicy> {
    if (!POLICY_NAME.test(name)) throw new IdentityError('PolicyNameInvalid', { policy: name })
    requirePolicy(text, parseIdentityPolicy)
    return this.#put(account, userName, { name, document: text })
  }

  /** By name. */
  async list(account: string | undefined, userName: string): Promise<UserPolicy[]> {
    const { view } = this.#metadata
    const user = await userIn(view, account, userName)
    return (await view.users.listPolicies(user.id)).map(toUserPolicy)
  }

  /** Refuses `PolicyUnknown`. */
  async get(account: string | undefined, userName: string, name: string): Promise<UserPolicy> {
    return policyNamed(name, userName, await this.list(account, userName))
  }

  /** Detach or delete a policy. Refuses `PolicyUnknown`. */
  remove(account: string | undefined, userName: string, name: string): Promise<UserPolicy> {
    return this.#metadata.write(async (tx) => {
      const user = await userIn(tx, account, userName)
      const policies = (await tx.users.listPolicies(user.id)).map(toUserPolicy)
      const policy = policyNamed(name, userName, policies)
      await tx.users.removePolicy(user.id, policy.name)
      return policy
    })
  }

  #put(account: string | undefined, userName: string, record: UserPolicyRecord): Promise<UserPolicy> {
    return this.#metadata.write(async (tx) => {
      const user = await userIn(tx, account, userName)
      if (user.isRoot) {
        const reason = 'no policy of its own adds to what it may do or takes from it'
        throw new IdentityError('UserIsRoot', { userName, reason })
      }
      const others = (await tx.users.listPolicies(user.id)).filter(({ name }) => name !== record.name)
      if (others.length >= policiesPerUserMax) {
        throw new IdentityError('PoliciesExceeded', { userName, policiesMax: policiesPerUserMax })
      }
      await tx.users.putPolicy(user.id, record)
      return toUserPolicy(record)
    })
  }
}

/** Refuses `PolicyInvalid` with the path to what is wrong. */
export function requirePolicy(text: string, parse: (text: string) => unknown): void {
  try {
    parse(text)
  } catch (cause) {
    if (!(cause instanceof PolicyInvalid)) throw cause
    throw new IdentityError('PolicyInvalid', { path: cause.path, reason: cause.reason }, { cause })
  }
}

/** By the name it was put under, or by the short name of a managed policy. */
function policyNamed(name: string, userName: string, policies: readonly UserPolicy[]): UserPolicy {
  const arn = findManagedPolicy(name)?.arn
  const found = policies.find((policy) => policy.name === name) ?? policies.find((policy) => policy.name === arn)
  if (!found) throw new IdentityError('PolicyUnknown', { policy: name, userName })
  return found
}

function toUserPolicy({ name, document }: UserPolicyRecord): UserPolicy {
  if (document !== undefined) return { name, kind: 'inline', text: document }
  return { name, kind: 'managed', text: findManagedPolicy(name)?.text ?? '' }
}
