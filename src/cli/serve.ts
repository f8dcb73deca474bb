import { type Command, Option } from 'commander'

import { type App, createApp } from '../assemble.ts'
import type { Config } from '../config/config.ts'
import { type GivenSettings, parseConfig, SettingInvalid, settingsFrom } from '../config/parse-config.ts'
import { type SettingName, settingNames, settings } from '../config/settings.ts'
import { welcome } from './welcome.ts'

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('Run the registry in the foreground until SIGTERM or SIGINT; requests in progress end first.')
  for (const name of settingNames) command.addOption(optionFor(name))
  command.action(async (flags: GivenSettings) => {
    await serve({ ...settingsFrom(process.env), ...flags })
  })
}

async function serve(given: GivenSettings): Promise<void> {
  try {
    const config = parseConfig(given)
    await using app = await createApp(config)
    const url = await app.listen()
    if (config.log !== 'silent') process.stdout.write(welcome(welcomeFacts(config, app, url)))
    await signalToStop()
    if (config.log !== 'silent') process.stdout.write('Stopping: requests in progress end first.\n')
  } catch (error) {
    process.stderr.write(`waybill: ${describe(error)}\n`)
    process.exitCode = 1
  }
}

function welcomeFacts(config: Config, app: App, url: string) {
  return {
    url: config.publicUrl ?? url,
    alias: config.account.alias,
    storage: config.storage,
    newAdminKey: app.newAdminKey,
  }
}

function optionFor(name: SettingName): Option {
  const { flag, value, sentence, byDefault, variable } = settings[name]
  const standard = byDefault === '' ? '' : `, otherwise ${byDefault}`
  const option = new Option(`--${flag} <${value}>`, `${sentence} [$${variable}${standard}]`)
  // Known under the setting's name, whatever commander would make of the flag's.
  option.attributeName = () => name
  return 'isSecret' in settings[name] ? option.hideHelp() : option
}

function signalToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}

/** What went wrong, for a person at a terminal. Only what is no mistake of theirs comes with a stack. */
function describe(error: unknown): string {
  if (error instanceof SettingInvalid) return `${error.message}\nRun \`waybill serve --help\` to see every setting.`
  if (!(error instanceof Error)) return String(error)
  if ('code' in error && error.code === 'EADDRINUSE') {
    return `${error.message}\nAnother program listens there: stop it, or choose another address with --listen.`
  }
  const isKnown = ['FolderInUse', 'SchemaTooNew', 'SecretUnreadable', 'SecretKeyInvalid'].includes(error.name)
  return isKnown || 'code' in error ? error.message : (error.stack ?? error.message)
}
