import { setTimeout as delay } from 'node:timers/promises'

import type { Command } from 'commander'

import type { App } from '../assemble.ts'
import type { Config } from '../config/config.ts'
import { type GivenSettings, parseConfig } from '../config/parse-config.ts'
import { settingNames } from '../config/settings.ts'
import { withExample } from './data-command.ts'
import { addSettingFlags, givenSettings } from './setting-flags.ts'
import { welcome } from './welcome.ts'

export function addServe(program: Command): void {
  const command = program
    .command('serve')
    .description('Run the registry in the foreground until SIGTERM or SIGINT; requests in progress end first.')
  addSettingFlags(withExample(command, 'waybill serve --listen 127.0.0.1:8080 --data ./data'), settingNames)
  command.action(async (flags: GivenSettings) => {
    await serve(parseConfig(givenSettings(flags)))
  })
}

async function serve(config: Config): Promise<void> {
  // Loaded here, so that other commands start without a server.
  const { createApp } = await import('../assemble.ts')
  await using app = await createApp(config)
  const url = await app.listen()
  // Without a certificate it stays what it is: the terminal is closed, so end.
  process.on('SIGUSR2', () => app.setReadOnly(!app.isReadOnly))
  if (config.tls) process.on('SIGHUP', () => void app.reloadCertificate())
  if (config.log !== 'silent') process.stdout.write(welcome(welcomeFacts(config, app, url)))
  await signalToStop()
  app.announceStop()
  await drained(config.drainMs)
  if (config.log !== 'silent') process.stdout.write('Stopping: requests in progress end first.\n')
}

function welcomeFacts(config: Config, app: App, url: string) {
  return {
    url: config.publicUrl ?? url,
    alias: config.account.alias,
    storage: config.storage,
    newAdminKey: app.newAdminKey,
  }
}

/** Time for load balancers to see that they should send no more, unless a second signal is in a hurry. */
async function drained(drainMs: number): Promise<void> {
  if (drainMs === 0) return
  const over = new AbortController()
  await Promise.race([delay(drainMs, undefined, { signal: over.signal }).catch(() => undefined), signalToStop()])
  over.abort()
}

function signalToStop(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve())
  })
}
