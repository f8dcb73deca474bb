import { type Command, Option } from 'commander'

import type { Account, AccountSettings } from '../auth/accounts.ts'
import { type AccountFlag, accountOption, addGroup, onData } from './data-command.ts'
import { shownKey, shownOnce } from './shown-key.ts'
import { facts, shownSwitch, shownTime, table } from './table.ts'

interface SettingFlags {
  readonly createsOnPush?: 'on' | 'off'
  readonly displayName?: string
  readonly verified?: 'on' | 'off'
}

export function addAccount(program: Command): void {
  const account = addGroup(
    program,
    'account',
    'Accounts: each is one registry, with its own repositories, users and aliases.',
    'waybill account create --alias acme',
  )
  onData(
    withSettingFlags(
      account
        .command('create')
        .description('Make an account, its root user `admin`, and the access key of that user, which is shown once.')
        .argument('[id]', '12 digits; made up unless given')
        .option('--alias <alias>', "Its primary alias: the first segment of its images' names"),
    ),
    'waybill account create 123456789012 --alias acme --creates-on-push on',
    async ({ accounts }, id: string | undefined, flags: SettingFlags & { readonly alias?: string }) => {
      const made = await accounts.create({ id, alias: flags.alias, ...settingsIn(flags) })
      const text = `Account ${made.account.id} is there. The access key of its root user admin:\n${shownKey(made.rootKey)}\n${shownOnce}`
      return { json: { ...made.account, rootKey: made.rootKey }, text }
    },
  )
  onData(
    account.command('list').description('Show every account.'),
    'waybill account list --json',
    async ({ accounts }) => {
      const list = await accounts.list()
      const rows = list.map(({ id, aliases, createdAt }) => [id, aliases.join(', '), shownTime(createdAt)])
      return { json: list, text: table(['id', 'aliases', 'created'], rows) }
    },
  )
  onData(
    account
      .command('show')
      .description('Show one account with its settings.')
      .argument('[account]', 'its id or an alias; may be left out where there is only one'),
    'waybill account show acme',
    async ({ accounts }, name: string | undefined) => shown(await accounts.get(name)),
  )
  onData(
    withSettingFlags(
      account
        .command('set')
        .description('Change settings of an account; what is not given stays.')
        .addOption(accountOption()),
    ),
    'waybill account set --account acme --display-name "Acme, Inc." --verified on',
    async ({ accounts }, flags: SettingFlags & AccountFlag) =>
      shown(await accounts.change(flags.account, settingsIn(flags))),
  )
}

function withSettingFlags(command: Command): Command {
  return command
    .addOption(switchOption('--creates-on-push', 'Whether a push to a repository that is not there makes it'))
    .option('--display-name <text>', 'What the gallery calls the owner')
    .addOption(switchOption('--verified', 'Whether you vouch for the owner'))
}

function switchOption(flag: string, description: string): Option {
  return new Option(`${flag} <on|off>`, description).choices(['on', 'off'])
}

function settingsIn({ createsOnPush, displayName, verified }: SettingFlags): Partial<AccountSettings> {
  return {
    ...(createsOnPush && { createsOnPush: createsOnPush === 'on' }),
    ...(displayName !== undefined && { displayName }),
    ...(verified && { isVerified: verified === 'on' }),
  }
}

function shown(account: Account) {
  const [primary, ...others] = account.aliases
  const text = facts({
    id: account.id,
    'primary alias': primary ?? '(none)',
    'other aliases': others.join(', ') || '(none)',
    'creates on push': shownSwitch(account.createsOnPush),
    'display name': account.displayName || '(none)',
    verified: shownSwitch(account.isVerified),
    created: shownTime(account.createdAt),
  })
  return { json: account, text }
}
