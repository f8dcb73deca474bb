import { CommanderError } from 'commander'

import { IdentityError, type IdentityErrorCode } from '../auth/identity-error.ts'
import { SettingInvalid } from '../config/parse-config.ts'
import { CommandRefused } from './command-refused.ts'
import { LoginRefused } from './login-refused.ts'

/** What commands end with, beside 0 for "done". */
const exitCodes = { refused: 1, usage: 2 } as const

/** Say what went wrong to whoever is at the terminal. Returns the exit code. */
export function reportFailure(error: unknown): number {
  if (error instanceof CommanderError) {
    // commander has said all there is to say; help that was asked for is no failure.
    return error.exitCode === 0 ? 0 : exitCodes.usage
  }
  process.stderr.write(`waybill: ${describe(error)}\n`)
  return error instanceof SettingInvalid ? exitCodes.usage : exitCodes.refused
}

/** Mistakes whose message is all that a person needs. */
const known: ReadonlySet<string> = new Set([
  ...[
    'DataMissing',
    'FolderInUse',
    'MetadataStoreUnavailable',
    'CertificateInvalid',
    'SchemaTooNew',
    'SchemaTooOld',
    'SecretKeyInvalid',
  ],
  ...['SecretUnreadable', 'SqliteBusy', 'BlobStoreUnavailable', LoginRefused.name, CommandRefused.name],
])

/** Only what is nobody's mistake but ours comes with a stack. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof SettingInvalid) return `${error.message}\nRun \`waybill serve --help\` to see every setting.`
  if (error instanceof IdentityError) {
    const hint = hints[(error as IdentityError).code]
    return hint === undefined ? error.message : `${error.message}\n${hint}`
  }
  if (error.name === 'DataMissing') return `${error.message}\nThe folder is set by --data or WAYBILL_DATA.`
  if (error.name === 'SecretUnreadable') {
    return `${error.message}\nIt is in the file secret.key of the data folder, or in WAYBILL_SECRET_KEY where the server has it there.`
  }
  if (error.name === 'RepairImplausible') {
    return `${error.message}\nNothing was repaired. If it is as it should be, add --force.`
  }
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}\nAnother program listens there: stop it, or choose another address with --listen.`
  }
  return known.has(error.name) || 'code' in error ? error.message : (error.stack ?? error.message)
}

/** Where to look further, for those who have this command. */
const hints: { readonly [Code in IdentityErrorCode]?: string } = {
  AccountAmbiguous: 'Add --account. `waybill account list` shows them.',
  AccountUnknown: '`waybill account list` shows them.',
  AliasIsPrimary: '`waybill alias primary <alias>` does it.',
  AliasUnknown: '`waybill alias list` shows them.',
  KeyUnknown: '`waybill key list` shows them.',
  PolicyUnknown: '`waybill policy list <user>` shows them.',
  RepositoryUnknown: '`waybill repository list` shows them.',
  UserUnknown: '`waybill user list` shows them.',
}
