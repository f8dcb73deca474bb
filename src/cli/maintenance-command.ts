import type { Command } from 'commander'

import { parseConfig } from '../config/parse-config.ts'
import type { Maintenance } from '../maintenance.ts'
import { type Answer, dataOption, print, withExample } from './data-command.ts'
import { givenSettings } from './setting-flags.ts'

/** As `onData`, for a command that looks after what is stored. It needs no secret key. */
export function onStores<Args extends readonly unknown[]>(
  command: Command,
  example: string,
  run: (maintenance: Maintenance, ...args: Args) => Promise<Answer>,
): void {
  command.addOption(dataOption()).option('--json', 'Print JSON, for machines.')
  withExample(command, example).action(async (...given: unknown[]) => {
    // commander puts the command itself behind its arguments and flags.
    const args = given.slice(0, -1) as unknown as Args
    const { data, json } = command.opts<{ data?: string; json?: true }>()
    // Loaded here, so that other commands start without it.
    const { openMaintenance } = await import('../maintenance.ts')
    await using maintenance = await openMaintenance(configFor(data))
    print(await run(maintenance, ...args), json === true)
  })
}

/** Of the other settings none matters here, so none can be wrong. */
function configFor(data: string | undefined) {
  const { data: folder, collectGraceMs, deletedKeepMs } = givenSettings({ ...(data !== undefined && { data }) })
  return parseConfig({
    ...(folder !== undefined && { data: folder }),
    ...(collectGraceMs !== undefined && { collectGraceMs }),
    ...(deletedKeepMs !== undefined && { deletedKeepMs }),
  })
}
