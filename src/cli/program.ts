import { Command } from 'commander'

import { addAccount } from './account.ts'
import { addAlias } from './alias.ts'
import { addCheck } from './check.ts'
import { addConfig } from './config.ts'
import { addGc } from './gc.ts'
import { addKey } from './key.ts'
import { addLoginPassword } from './login.ts'
import { addPolicy } from './policy.ts'
import { addRepository } from './repository.ts'
import { addRestore } from './restore.ts'
import { addServe } from './serve.ts'
import { addTagHistory } from './tag-history.ts'
import { addUser } from './user.ts'
import { version } from './version.ts'

/** Every command, ready to be parsed. What cannot be done is thrown: see `reportFailure`. */
export function createProgram(): Command {
  const program = new Command('waybill')
    .description(
      'A self-hosted container registry: the Amazon ECR Public API and the OCI registry protocol on one port.',
    )
    .version(version)
    .exitOverride()
    .showHelpAfterError('Add --help to see how it is used.')
    .addHelpText('after', '\nExample:\n  waybill serve --data ./data')
  const commands = [
    addServe,
    addConfig,
    addLoginPassword,
    addAccount,
    addAlias,
    addUser,
    addKey,
    addPolicy,
    addRepository,
    addCheck,
    addGc,
    addRestore,
    addTagHistory,
  ]
  for (const add of commands) add(program)
  return program
}
