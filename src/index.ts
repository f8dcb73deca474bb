/**
 * Waybill as a library: what an embedding program may import. Nothing else is public.
 *
 * @module
 */
export { type App, createApp } from './assemble.ts'
export type { AccessKey } from './auth/access-keys.ts'
export type { Config, LogLevel, Storage } from './config/config.ts'
export { type GivenSettings, parseConfig, SettingInvalid, settingsFrom } from './config/parse-config.ts'
export { type Refusal, type RefusalCode, type Refusals, RegistryError } from './errors.ts'
