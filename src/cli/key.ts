import { type Command, Option } from 'commander'

import { signingKeyActivationMs, signingKeysFreshMs, tokenMsMax } from '../auth/signing-keys.ts'
import type { NewUserKey, UserKey } from '../auth/user-keys.ts'
import { type AccountFlag, accountOption, addGroup, onData } from './data-command.ts'
import { shownKey, shownOnce } from './shown-key.ts'
import { shownTime, table } from './table.ts'

export function addKey(program: Command): void {
  const key = addGroup(
    program,
    'key',
    'Access keys of users, and the keys that sign our tokens. A secret is shown once, when it is made.',
    'waybill key create ci',
  )
  onData(
    key
      .command('create')
      .description('Make an access key for a user. Its secret is shown once.')
      .argument('<user>')
      .addOption(accountOption()),
    'waybill key create ci --account acme',
    async ({ keys }, user: string, { account }: AccountFlag) => {
      const made = await keys.create(account, user)
      return { json: made, text: shownNew(made) }
    },
  )
  onData(
    key
      .command('list')
      .description('Show access keys, without their secrets.')
      .argument('[user]', 'whose; those of all users of the account unless given')
      .addOption(accountOption()),
    'waybill key list ci',
    async ({ keys }, user: string | undefined, { account }: AccountFlag) => {
      const list = await keys.list(account, user)
      return { json: list, text: table(['access key', 'user', 'state', 'created'], list.map(rowOf)) }
    },
  )
  addSwitches(key)
  addRotations(key)
}

function addSwitches(key: Command): void {
  const one = (name: string, description: string) =>
    key.command(name).description(description).argument('<access-key-id>')
  onData(
    one('disable', 'Stop an access key, and all that was got with it, at once.'),
    'waybill key disable AKIA…',
    async ({ keys }, id: string) => ({ json: await keys.setEnabled(id, false), text: `${id} is disabled.` }),
  )
  onData(
    one('enable', 'Let a disabled access key work again.'),
    'waybill key enable AKIA…',
    async ({ keys }, id: string) => ({
      json: await keys.setEnabled(id, true),
      text: `${id} is enabled.`,
    }),
  )
  onData(
    one('delete', 'Delete an access key. It stops, with all that was got with it, at once.'),
    'waybill key delete AKIA…',
    async ({ keys }, id: string) => ({ json: await keys.delete(id), text: `${id} is gone.` }),
  )
}

function addRotations(key: Command): void {
  onData(
    key
      .command('rotate')
      .description('Give the user of an access key another one, shown once, and disable or delete the old one.')
      .argument('<access-key-id>')
      .addOption(
        new Option('--old <disable|delete>', 'What becomes of the old one')
          .choices(['disable', 'delete'])
          .default('disable'),
      ),
    'waybill key rotate AKIA… --old delete',
    async ({ keys }, id: string, { old }: { readonly old: 'disable' | 'delete' }) => {
      const rotated = await keys.rotate(id, old)
      return { json: rotated, text: `${shownNew(rotated.key)}\n${id} is ${old === 'delete' ? 'gone' : 'disabled'}.` }
    },
  )
  onData(
    key
      .command('rotate-signing')
      .description(
        'Make a new key that signs logins and bearer tokens. Those under the old one last as long as they would have.',
      )
      .option('--revoke-old', 'End them all instead: everybody has to log in again'),
    'waybill key rotate-signing',
    async ({ signingKeys }, { revokeOld }: { readonly revokeOld?: true }) => {
      const made = await signingKeys.rotate({ revokesOld: revokeOld === true })
      const text = revokeOld ? revokedText : rotatedText
      return { json: { signingKeyId: made.id, revokesOld: revokeOld === true }, text }
    },
  )
}

const rotatedText = `A new signing key is there. A running server signs with it in ${signingKeyActivationMs / 1000} seconds; logins made before last up to ${tokenMsMax / 3_600_000} hours.`
const revokedText = `A new signing key is there, and the old ones are gone. Logins made before end within ${signingKeysFreshMs / 1000} second.`

function shownNew(key: NewUserKey): string {
  return `Access key of ${key.userName} in account ${key.accountId}:\n${shownKey(key)}\n${shownOnce}`
}

function rowOf({ accessKeyId, userName, isEnabled, createdAt }: UserKey): string[] {
  return [accessKeyId, userName, isEnabled ? 'enabled' : 'disabled', shownTime(createdAt)]
}
