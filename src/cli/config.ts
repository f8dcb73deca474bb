import type { Command } from 'commander'

import { type GivenSettings, parseConfig, settingsFrom } from '../config/parse-config.ts'
import { type SettingName, settingNames, settings } from '../config/settings.ts'
import { withExample } from './data-command.ts'
import { addSettingFlags, givenSettings } from './setting-flags.ts'
import { table } from './table.ts'

type Source = 'flag' | 'environment' | 'default' | 'unset'

interface EffectiveSetting {
  readonly setting: SettingName
  readonly variable: string
  /** `null` where there is none, and for a secret, which is never shown. */
  readonly value: string | null
  readonly source: Source
  readonly isSecret: boolean
}

export function addConfig(program: Command): void {
  const command = program
    .command('config')
    .description('Show every setting that `waybill serve` would use, given the same flags, and where it comes from.')
    .option('--json', 'Print JSON, for machines.')
  addSettingFlags(withExample(command, 'waybill config --listen 0.0.0.0:8080'), settingNames)
  command.action(({ json, ...flags }: GivenSettings & { readonly json?: true }) => {
    const given = givenSettings(flags)
    parseConfig(given)
    const effective = settingNames.map((name) => effectiveSetting(name, flags, given))
    const rows = effective.map((setting) => [setting.variable, shownValue(setting), setting.source])
    process.stdout.write(
      `${json ? JSON.stringify(effective, undefined, 2) : table(['variable', 'value', 'from'], rows)}\n`,
    )
  })
}

function effectiveSetting(name: SettingName, flags: GivenSettings, given: GivenSettings): EffectiveSetting {
  const { variable, byDefault } = settings[name]
  const isSecret = 'isSecret' in settings[name]
  const value = given[name] ?? (byDefault === '' ? null : byDefault)
  return { setting: name, variable, value: isSecret ? null : value, source: sourceOf(name, flags, value), isSecret }
}

function sourceOf(name: SettingName, flags: GivenSettings, value: string | null): Source {
  if (flags[name] !== undefined) return 'flag'
  if (settingsFrom(process.env)[name] !== undefined) return 'environment'
  return value === null ? 'unset' : 'default'
}

function shownValue({ value, source, isSecret }: EffectiveSetting): string {
  if (isSecret && source !== 'unset') return '(not shown)'
  return value ?? ''
}
