import { isIP } from 'node:net'

import { secretKeyBytes } from '../auth/secret-box.ts'
import { isRefusal } from '../errors.ts'
import { defaultHttpLimits } from '../http/limits.ts'
import { ecrRates, type RatedAction, type Rates, ratedActions } from '../http/rates.ts'
import type { AddressRange } from '../http/trusted-proxies.ts'
import { type Alias, isReservedAlias, parseAlias } from '../oci/repository-name.ts'
import { defaultLimits } from '../registry/limits.ts'
import type { Config, LogLevel, Storage } from './config.ts'
import { type SettingName, settingNames, settings } from './settings.ts'

/** What was set, by setting: a flag where one was given, else the environment's variable. */
export type GivenSettings = Readonly<Partial<Record<SettingName, string>>>

/** A setting that cannot be used. Its message names the variable and says what would do. */
export class SettingInvalid extends Error {
  override readonly name = 'SettingInvalid'

  constructor(setting: SettingName, reason: string) {
    const { variable, flag } = settings[setting]
    super(`${variable} (--${flag}): ${reason}`)
  }
}

/** The settings that `environment` holds. An empty variable counts as not set. */
export function settingsFrom(environment: Readonly<Record<string, string | undefined>>): GivenSettings {
  const given: Partial<Record<SettingName, string>> = {}
  for (const name of settingNames) {
    const value = environment[settings[name].variable]
    if (value !== undefined && value !== '') given[name] = value
  }
  return given
}

/** @throws SettingInvalid */
export function parseConfig(given: GivenSettings): Config {
  const text = (name: SettingName): string => given[name] ?? settings[name].byDefault
  const count = (name: SettingName) => parseCount(name, text(name))
  return {
    listen: parseListen(text('listen')),
    storage: parseStorage(text('data')),
    publicUrl: given.publicUrl === undefined ? undefined : parsePublicUrl(given.publicUrl),
    tls: parseTls(given.tlsCertificate, given.tlsKey),
    trustedProxies: parseTrustedProxies(text('trustedProxies')),
    account: {
      id: parseAccountId(text('accountId')),
      alias: parseAccountAlias(text('alias')),
      adminKey: parseAdminKey(given.adminAccessKeyId, given.adminSecretAccessKey),
    },
    secretKey: given.secretKey === undefined ? undefined : parseSecretKey(given.secretKey),
    log: parseLog(text('log')),
    limits: {
      ...defaultLimits,
      repositoriesMax: count('repositoriesMax'),
      imagesPerRepositoryMax: count('imagesPerRepositoryMax'),
      tagsPerImageMax: count('tagsPerImageMax'),
      layerBytesMax: count('layerBytesMax'),
      uploadIdleMsMax: count('uploadIdleMsMax'),
      collectGraceMs: count('collectGraceMs'),
      deletedKeepMs: count('deletedKeepMs'),
    },
    http: defaultHttpLimits,
    isReadOnly: parseSwitch('readOnly', text('readOnly')),
    metrics: parseMetrics(text('metrics')),
    drainMs: parseWhole('drainMs', text('drainMs'), 0),
    rates: parseRates(text('rateLimits')),
    quirks: parseQuirks(text('quirks')),
  }
}

function parseListen(text: string): Config['listen'] {
  const [, host, port] = /^(\[[0-9a-fA-F:]+\]|[^:\s]+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(port) > 65535) {
    throw new SettingInvalid('listen', `"${text}" is not host:port, like 127.0.0.1:8080 or [::1]:8080`)
  }
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(port) }
}

function parseStorage(text: string): Storage {
  return text === ':memory:' ? { kind: 'memory' } : { kind: 'filesystem', folder: text }
}

function parsePublicUrl(text: string): string {
  const url = URL.parse(text)
  const isUsable = url && /^https?:$/.test(url.protocol) && url.pathname === '/' && !url.search && !url.hash
  if (!isUsable || url.username !== '') {
    throw new SettingInvalid('publicUrl', `"${text}" is not http(s)://host or http(s)://host:port`)
  }
  return url.origin
}

function parseTls(certificate: string | undefined, key: string | undefined): Config['tls'] {
  if (certificate === undefined && key === undefined) return undefined
  if (certificate === undefined) throw new SettingInvalid('tlsCertificate', 'is needed beside the key')
  if (key === undefined) throw new SettingInvalid('tlsKey', 'is needed beside the certificate')
  return { certificate, key }
}

function parseTrustedProxies(text: string): AddressRange[] {
  const ranges = text.split(',').map((range) => range.trim())
  return ranges.filter((range) => range !== '').map(parseAddressRange)
}

function parseAddressRange(text: string): AddressRange {
  const [, address = '', prefix] = /^([^/%]+)(?:\/(\d{1,3}))?$/.exec(text) ?? []
  const bits = isIP(address) === 6 ? 128 : 32
  const prefixBits = Number(prefix ?? bits)
  if (isIP(address) === 0 || prefixBits > bits) {
    throw new SettingInvalid('trustedProxies', `"${text}" is no address and no CIDR, like 10.0.0.1 or 10.0.0.0/8`)
  }
  return { address, prefixBits }
}

function parseAccountId(text: string): string {
  if (!/^\d{12}$/.test(text)) throw new SettingInvalid('accountId', `"${text}" is not 12 digits`)
  return text
}

function parseAccountAlias(text: string): Alias {
  try {
    const alias = parseAlias(text)
    if (isReservedAlias(alias)) throw new SettingInvalid('alias', `"${text}" is a path of Waybill's own`)
    return alias
  } catch (error) {
    if (!isRefusal(error, 'NameInvalid')) throw error
    throw new SettingInvalid('alias', `"${text}" cannot be used: ${error.facts.reason}`)
  }
}

function parseAdminKey(accessKeyId: string | undefined, secretAccessKey: string | undefined) {
  if (accessKeyId === undefined && secretAccessKey === undefined) return undefined
  if (accessKeyId === undefined) throw new SettingInvalid('adminAccessKeyId', 'is needed beside the secret')
  if (secretAccessKey === undefined) throw new SettingInvalid('adminSecretAccessKey', 'is needed beside the id')
  if (!/^\w{3,128}$/.test(accessKeyId)) {
    throw new SettingInvalid('adminAccessKeyId', 'is 3 to 128 letters, digits or _')
  }
  if (secretAccessKey.length < 8 || secretAccessKey.length > 256) {
    throw new SettingInvalid('adminSecretAccessKey', 'is 8 to 256 characters')
  }
  return { accessKeyId, secretAccessKey }
}

function parseSecretKey(text: string): Uint8Array {
  const bytes = Buffer.from(text, 'base64')
  if (bytes.length !== secretKeyBytes) {
    throw new SettingInvalid('secretKey', `is not ${secretKeyBytes} bytes in base64 (openssl rand -base64 32)`)
  }
  return bytes
}

function parseLog(text: string): LogLevel {
  const level = (['debug', 'info', 'warn', 'error', 'silent'] as const).find((known) => known === text)
  if (!level) throw new SettingInvalid('log', `"${text}" is not debug, info, warn, error or silent`)
  return level
}

/** `off`, or a list in which what comes later counts: `ecr,anonymous-pull=5`. */
function parseRates(text: string): Rates {
  const rates = new Map<RatedAction, number>()
  if (text === 'off') return rates
  for (const entry of text.split(',').map((entry) => entry.trim())) {
    if (entry === 'ecr') for (const [action, perSecond] of ecrRates) rates.set(action, perSecond)
    else rates.set(...parseRate(entry))
  }
  return rates
}

function parseRate(text: string): [RatedAction, number] {
  const [, name, perSecond] = /^([\w-]+)=(\d{1,9}(?:\.\d{1,3})?)$/.exec(text) ?? []
  const action = ratedActions.find((known) => known === name)
  if (!action || Number(perSecond) === 0) {
    const known = 'an operation of the API, anonymous-pull or authenticated-pull'
    throw new SettingInvalid('rateLimits', `"${text}" is not off, ecr, or ${known} with its rate, like PutImage=10`)
  }
  return [action, Number(perSecond)]
}

function parseQuirks(text: string): Config['quirks'] {
  if (text !== 'none' && text !== 'aws') throw new SettingInvalid('quirks', `"${text}" is not none or aws`)
  return text
}

function parseSwitch(name: SettingName, text: string): boolean {
  if (text !== 'on' && text !== 'off') throw new SettingInvalid(name, `"${text}" is not on or off`)
  return text === 'on'
}

function parseMetrics(text: string): Config['metrics'] {
  const audience = (['off', 'loopback', 'all'] as const).find((known) => known === text)
  if (!audience) throw new SettingInvalid('metrics', `"${text}" is not off, loopback or all`)
  return audience
}

function parseCount(name: SettingName, text: string): number {
  return parseWhole(name, text, 1)
}

function parseWhole(name: SettingName, text: string, min: 0 | 1): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(count) || count < min) {
    throw new SettingInvalid(name, `"${text}" is not a whole number${min === 1 ? ' above 0' : ''}`)
  }
  return count
}
