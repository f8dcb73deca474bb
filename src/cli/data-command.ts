import { type Command, Option } from 'commander'

import type { Identities } from '../auth/identities.ts'
import { parseConfig } from '../config/parse-config.ts'
import { settings } from '../config/settings.ts'
import { openIdentities } from '../stores.ts'
import { givenSettings } from './setting-flags.ts'

/** What a command has to say, to a machine and to a person. */
export interface Answer {
  readonly json: unknown
  readonly text: string
}

/** A command with others under it. */
export function addGroup(program: Command, name: string, description: string, example: string): Command {
  return withExample(program.command(name).description(description), example)
}

export function withExample(command: Command, example: string): Command {
  return command.addHelpText('after', `\nExample:\n  ${example}`)
}

/**
 * Let a command work on a data folder, beside the server that may be running there. `run` gets the command's arguments,
 * then its flags.
 */
export function onData<Args extends readonly unknown[]>(
  command: Command,
  example: string,
  run: (identities: Identities, ...args: Args) => Promise<Answer>,
): void {
  command.addOption(dataOption()).option('--json', 'Print JSON, for machines.')
  withExample(command, example).action(async (...given: unknown[]) => {
    // commander puts the command itself behind its arguments and flags.
    const args = given.slice(0, -1) as unknown as Args
    const { data, json } = command.opts<{ data?: string; json?: true }>()
    print(await answerFrom(data, (identities) => run(identities, ...args)), json === true)
  })
}

export interface AccountFlag {
  readonly account?: string
}

/** Whose user or repository is meant by a bare name. */
export function accountOption(): Option {
  return new Option('--account <id or alias>', 'The account that is meant [otherwise the only one there is]')
}

export function dataOption(): Option {
  const { flag, value, variable, byDefault } = settings.data
  return new Option(`--${flag} <${value}>`, `The registry's data folder [$${variable}, otherwise ${byDefault}]`)
}

async function answerFrom(data: string | undefined, run: (identities: Identities) => Promise<Answer>): Promise<Answer> {
  // Of the other settings none matters here, so none can be wrong.
  const { data: folder, secretKey } = givenSettings({ ...(data !== undefined && { data }) })
  const config = parseConfig({
    ...(folder !== undefined && { data: folder }),
    ...(secretKey !== undefined && { secretKey }),
  })
  await using opened = await openIdentities(config)
  return await run(opened.identities)
}

/** Times are ISO 8601 in JSON, whatever they are inside. */
export function print({ json, text }: Answer, asJson: boolean): void {
  const isTime = (key: string, value: unknown) => key.endsWith('At') && typeof value === 'number'
  const inJson = () =>
    JSON.stringify(json, (key, value) => (isTime(key, value) ? new Date(value as number).toISOString() : value), 2)
  process.stdout.write(`${asJson ? inJson() : text}\n`)
}
