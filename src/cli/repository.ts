import { type Command, InvalidArgumentError, Option } from 'commander'

import type { ManagedRepository } from '../auth/repository-settings.ts'
import { type AccountFlag, accountOption, addGroup, onData } from './data-command.ts'
import { readText } from './read-text.ts'
import { facts, table } from './table.ts'

const dayMs = 24 * 60 * 60 * 1000
const daysMax = 36_500

interface SettingFlags {
  readonly private?: true
  readonly public?: true
  readonly immutableTags?: boolean
  readonly keepUntagged?: number | 'always'
}

export function addRepository(program: Command): void {
  const repository = addGroup(
    program,
    'repository',
    'Settings and policies of repositories. To make or delete one, use the API.',
    'waybill repository set acme/app --private',
  )
  onData(
    repository.command('list').description('Show the repositories of an account.').addOption(accountOption()),
    'waybill repository list --account acme',
    async ({ repositories }, { account }: AccountFlag) => {
      const list = await repositories.list(account)
      const rows = list.map((found) => [found.name, access(found), tags(found), policy(found)])
      return { json: list, text: table(['name', 'access', 'tags', 'policy'], rows) }
    },
  )
  onData(
    repository.command('show').description('Show the settings of a repository.').argument('<alias/repository>'),
    'waybill repository show acme/app',
    async ({ repositories }, name: string) => shown(await repositories.get(name)),
  )
  onData(
    repository
      .command('set')
      .description('Change settings of a repository; what is not given stays.')
      .argument('<alias/repository>')
      .option('--private', 'Only those whom a policy allows may pull')
      .option('--public', 'Everybody may pull')
      .option('--immutable-tags', 'A tag once set stays where it is')
      .option('--no-immutable-tags', 'Tags may be moved')
      .addOption(
        new Option('--keep-untagged <days>', 'How long an image that lost its last tag is kept; or always').argParser(
          keepIn,
        ),
      ),
    'waybill repository set acme/app --private --immutable-tags',
    async ({ repositories }, name: string, flags: SettingFlags) => {
      const { keepUntagged } = flags
      const isPrivate = flags.private ?? (flags.public ? false : undefined)
      const changes = {
        ...(isPrivate !== undefined && { isPrivate }),
        ...(flags.immutableTags !== undefined && { hasImmutableTags: flags.immutableTags }),
        ...(keepUntagged !== undefined && {
          untaggedKeepMs: keepUntagged === 'always' ? undefined : keepUntagged * dayMs,
        }),
      }
      return shown(await repositories.change(name, changes))
    },
  )
  addPolicyCommands(repository)
}

function addPolicyCommands(repository: Command): void {
  const group = addGroup(
    repository,
    'policy',
    'The policy of a repository: who else may do what with it.',
    'waybill repository policy put acme/app policy.json',
  )
  onData(
    group.command('show').description('Print the policy of a repository.').argument('<alias/repository>'),
    'waybill repository policy show acme/app',
    async ({ repositories }, name: string) => {
      const found = await repositories.get(name)
      return { json: found, text: found.policy?.trimEnd() ?? `${name} has no policy.` }
    },
  )
  onData(
    group
      .command('put')
      .description('Set the policy of a repository, in place of the one it has.')
      .argument('<alias/repository>')
      .argument('<file>', 'IAM JSON; - for standard input'),
    'waybill repository policy put acme/app policy.json',
    async ({ repositories }, name: string, file: string) => ({
      json: await repositories.putPolicy(name, await readText(file)),
      text: `${name} has the policy.`,
    }),
  )
  onData(
    group.command('delete').description('Take the policy from a repository.').argument('<alias/repository>'),
    'waybill repository policy delete acme/app',
    async ({ repositories }, name: string) => ({
      json: await repositories.deletePolicy(name),
      text: `${name} has no policy any more.`,
    }),
  )
}

function shown(repository: ManagedRepository) {
  const text = facts({
    account: repository.accountId,
    name: repository.name,
    access: access(repository),
    tags: tags(repository),
    'untagged images': untagged(repository),
    policy: policy(repository),
  })
  return { json: repository, text }
}

function access({ isPrivate }: ManagedRepository): string {
  return isPrivate ? 'private' : 'public'
}

function tags({ hasImmutableTags }: ManagedRepository): string {
  return hasImmutableTags ? 'immutable' : 'mutable'
}

function untagged({ untaggedKeepMs }: ManagedRepository): string {
  return untaggedKeepMs === undefined ? 'kept' : `kept for ${untaggedKeepMs / dayMs} days`
}

/** Not less than a day: a push may take long from an index's images, which have no tags, to the index. */
function keepIn(text: string): number | 'always' {
  if (text === 'always') return text
  const days = Number(text)
  if (Number.isSafeInteger(days) && days >= 1 && days <= daysMax) return days
  throw new InvalidArgumentError(`It is a number of days, 1 to ${daysMax}, or "always".`)
}

function policy(repository: ManagedRepository): string {
  return repository.policy === undefined ? '(none)' : 'set'
}
