/**
 * Waybill as a library: what an embedding program may import. Nothing else is public.
 *
 * @module
 */
export { type App, createApp } from './assemble.ts'
export type { AccessKey } from './auth/access-keys.ts'
export type { Account, AccountSettings, Accounts } from './auth/accounts.ts'
export type { AccessInQuestion, Explanation } from './auth/explain.ts'
export type { Identities } from './auth/identities.ts'
export { IdentityError, type IdentityErrorCode, type IdentityRefusals } from './auth/identity-error.ts'
export type { ManagedRepository, RepositorySettings } from './auth/repository-settings.ts'
export type { NewUserKey, UserKey, UserKeys } from './auth/user-keys.ts'
export type { UserPolicies, UserPolicy } from './auth/user-policies.ts'
export type { User, Users } from './auth/users.ts'
export type { Config, LogLevel, Storage } from './config/config.ts'
export { type GivenSettings, parseConfig, SettingInvalid, settingsFrom } from './config/parse-config.ts'
export { type Refusal, type RefusalCode, type Refusals, RegistryError } from './errors.ts'
export { type Maintenance, openMaintenance } from './maintenance.ts'
export { describeFinding, type Finding, type Harm, harmOf } from './registry/finding.ts'
export { DataMissing, type OpenIdentities, openIdentities } from './stores.ts'
