import type { Command } from 'commander'

import type { Account } from '../auth/accounts.ts'
import { type AccountFlag, accountOption, addGroup, onData } from './data-command.ts'
import { table } from './table.ts'

export function addAlias(program: Command): void {
  const alias = addGroup(
    program,
    'alias',
    "Aliases: an account's names, the first segments of its images' names. The primary one is shown in URIs.",
    'waybill alias add acme --primary',
  )
  onData(
    alias
      .command('add')
      .description("Give an account an alias. An account's first one is its primary one.")
      .argument('<alias>')
      .option('--primary', 'Make it the primary one')
      .addOption(accountOption()),
    'waybill alias add acme-labs --account acme',
    async ({ accounts }, name: string, flags: AccountFlag & { readonly primary?: true }) =>
      shown(await accounts.addAlias(flags.account, name, { isPrimary: flags.primary === true })),
  )
  onData(
    alias.command('list').description('Show the aliases of an account.').addOption(accountOption()),
    'waybill alias list --account 123456789012',
    async ({ accounts }, flags: AccountFlag) => shown(await accounts.get(flags.account)),
  )
  onData(
    alias.command('primary').description('Make an alias the one that URIs show.').argument('<alias>'),
    'waybill alias primary acme-labs',
    async ({ accounts }, name: string) => shown(await accounts.setPrimaryAlias(name)),
  )
  onData(
    alias
      .command('remove')
      .description('Take an alias away. Images are not reached under it any more; nothing of them is deleted.')
      .argument('<alias>'),
    'waybill alias remove acme-labs',
    async ({ accounts }, name: string) => shown(await accounts.removeAlias(name)),
  )
}

/** The account's aliases as they are now. */
function shown({ id, aliases }: Account) {
  const list = aliases.map((name, index) => ({ alias: name, accountId: id, isPrimary: index === 0 }))
  const rows = list.map(({ alias, isPrimary }) => [alias, isPrimary ? 'primary' : '', id])
  return { json: list, text: table(['alias', '', 'account'], rows) }
}
