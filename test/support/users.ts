import type { ECRPUBLICClient } from '@aws-sdk/client-ecr-public'

import type { TestRegistry } from './test-registry.ts'

/** A statement of a policy, of a user's or of a repository's. */
export type PolicyStatement = Readonly<Record<string, unknown>>

export interface TestUser {
  readonly arn: string
  readonly ecr: ECRPUBLICClient
}

let users = 0
let accounts = 0

/** A new user of an account (of the registry's own, unless another is named), who may do what these statements allow. */
export async function addUserWith(
  registry: TestRegistry,
  statements: readonly PolicyStatement[],
  account: string = registry.accountId,
): Promise<TestUser> {
  const { identities } = registry.app
  const name = `user-${++users}`
  const { arn } = await identities.users.create(account, name)
  if (statements.length > 0) await identities.policies.put(account, name, 'inline', policy(...statements))
  return { arn, ecr: registry.ecrAs(await identities.keys.create(account, name)) }
}

export interface TestAccount {
  readonly id: string
  readonly alias: string
  /** Its root user's. */
  readonly ecr: ECRPUBLICClient
}

/** A new account, which nobody else is in. */
export async function addNewAccount(registry: TestRegistry): Promise<TestAccount> {
  const id = String(500_000_000_000 + ++accounts)
  const alias = `account-${accounts}`
  return { id, alias, ecr: registry.ecrAs(await registry.addAccount({ id, alias })) }
}

/** IAM JSON. */
export function policy(...statements: readonly PolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements })
}

/** The statement of a user's policy that allows some actions on a resource, or on all. */
export function allow(actions: string | readonly string[], more: PolicyStatement = { Resource: '*' }): PolicyStatement {
  return { Effect: 'Allow', Action: actions, ...more }
}
