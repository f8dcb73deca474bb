import { rootUserName } from './auth/accounts.ts'
import { IdentityError } from './auth/identity-error.ts'
import { addressIn } from './auth/repository-settings.ts'
import type { Config } from './config/config.ts'
import { userPrincipal } from './iam/principal.ts'
import { type Clock, systemClock } from './lib/clock.ts'
import type { MetadataView, RepositoryAddress } from './metadata/metadata-store.ts'
import type { Call } from './registry/call.ts'
import { type CheckOptions, type CheckStep, check } from './registry/check.ts'
import { Collector, type ReviewedItem } from './registry/collect.ts'
import type { Finding } from './registry/finding.ts'
import { Registry } from './registry/registry.ts'
import { repair, requirePlausible } from './registry/repair.ts'
import { Schedule } from './registry/schedule.ts'
import { openStoresBeside } from './stores.ts'

/** What an operator does with a data folder, beside the server that runs on it or without one. Dispose of it to let go. */
export interface Maintenance extends AsyncDisposable {
  readonly registry: Registry
  readonly view: MetadataView
  check(options?: Omit<CheckOptions, 'strayMsMin'>): AsyncIterable<Finding>
  /** To be asked before `repair`, with how much each step of the check looked at. @throws RepairImplausible */
  requirePlausible(findings: readonly Finding[], counts: ReadonlyMap<CheckStep, number>): void
  /** What was done about it; `undefined` when that is nothing. */
  repair(finding: Finding): Promise<string | undefined>
  /** What the garbage collector would do at `time`, and why, for what is due by then. Does nothing. */
  explain(time: number, limit: number): Promise<ReviewedItem[]>
  /** The repository that `<alias>/<repository>` names, and a call of its owner's. Refuses `RepositoryUnknown`. */
  enter(repository: string): Promise<{ readonly address: RepositoryAddress; readonly call: Call }>
}

/** @throws DataMissing, SchemaTooNew, SchemaTooOld */
export async function openMaintenance({ storage, limits }: Pick<Config, 'storage' | 'limits'>): Promise<Maintenance> {
  await using resources = new AsyncDisposableStack()
  const { metadata, blobs } = await openStoresBeside(storage, resources)
  const clock = systemClock
  const registry = new Registry({ metadata, blobs, limits, clock })
  const held = resources.move()
  const { view } = metadata
  return {
    registry,
    view,
    check: (options) => check({ view, blobs, clock }, { ...options, strayMsMin: limits.collectGraceMs }),
    requirePlausible,
    repair: (finding) => repair({ metadata, limits, now: clock() }, finding),
    explain: (time, limit) => {
      const collector = new Collector({ metadata, limits, schedule: new Schedule(limits), clock: () => time })
      return collector.explain(time, limit)
    },
    enter: async (repository) => {
      const address = addressIn(repository)
      const found = await view.repositories.find(address)
      if (!found) throw new IdentityError('RepositoryUnknown', { repository })
      return { address, call: await ownersCall(view, found.accountId, clock) }
    },
    [Symbol.asyncDispose]: () => held[Symbol.asyncDispose](),
  }
}

/** Whoever holds the data may do everything with it, and does it as the account's root user. */
async function ownersCall(view: MetadataView, accountId: string, clock: Clock): Promise<Call> {
  const root = await view.users.find(accountId, rootUserName)
  const principal = { accountId, userId: root?.id ?? accountId, userName: rootUserName, isRoot: true }
  return {
    principal: userPrincipal(principal),
    identityPolicies: [],
    hasCredential: true,
    scopes: undefined,
    origin: { sourceIp: undefined, isSecure: true, userAgent: undefined, referer: undefined },
    door: 'command',
    requestId: 'command',
    now: clock(),
  }
}
