import type { Command } from 'commander'

import { type AccountFlag, accountOption, addGroup, onData } from './data-command.ts'
import { shownTime, table } from './table.ts'

export function addUser(program: Command): void {
  const user = addGroup(
    program,
    'user',
    'Users of an account. What one may do is in its policies; who one is, in its access keys.',
    'waybill user create ci',
  )
  onData(
    user
      .command('create')
      .description('Make a user, who has no key and may do nothing at first.')
      .argument('<name>')
      .addOption(accountOption()),
    'waybill user create ci --account acme',
    async ({ users }, name: string, { account }: AccountFlag) => {
      const made = await users.create(account, name)
      return { json: made, text: `${made.arn} is there. Next: \`waybill policy attach\` and \`waybill key create\`.` }
    },
  )
  onData(
    user.command('list').description('Show the users of an account.').addOption(accountOption()),
    'waybill user list --json',
    async ({ users }, { account }: AccountFlag) => {
      const list = await users.list(account)
      const rows = list.map(({ name, isRoot, arn, createdAt }) => [
        name,
        isRoot ? 'root' : '',
        arn,
        shownTime(createdAt),
      ])
      return { json: list, text: table(['name', '', 'arn', 'created'], rows) }
    },
  )
  onData(
    user
      .command('delete')
      .description('Delete a user with its keys and policies. What it is doing ends at once.')
      .argument('<name>')
      .addOption(accountOption()),
    'waybill user delete ci',
    async ({ users }, name: string, { account }: AccountFlag) => {
      const deleted = await users.delete(account, name)
      return { json: deleted, text: `${deleted.arn} is gone, and so are its keys and policies.` }
    },
  )
}
