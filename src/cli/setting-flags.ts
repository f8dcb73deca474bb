import { type Command, Option } from 'commander'

import { type GivenSettings, settingsFrom } from '../config/parse-config.ts'
import { type SettingName, settings } from '../config/settings.ts'

/** Give a command the flags of some settings. What is given is found under the settings' own names. */
export function addSettingFlags(command: Command, names: readonly SettingName[]): Command {
  for (const name of names) command.addOption(optionFor(name))
  return command
}

/** What is set for this run: by a flag, or else by a variable of the environment. */
export function givenSettings(flags: GivenSettings): GivenSettings {
  return { ...settingsFrom(process.env), ...flags }
}

function optionFor(name: SettingName): Option {
  const { flag, value, sentence, byDefault, variable } = settings[name]
  const standard = byDefault === '' ? '' : `, otherwise ${byDefault}`
  const option = new Option(`--${flag} <${value}>`, `${sentence} [$${variable}${standard}]`)
  // Known under the setting's name, whatever commander would make of the flag's.
  option.attributeName = () => name
  return 'isSecret' in settings[name] ? option.hideHelp() : option
}
